UPDATE atlas.build SET quarantine_digest = $3 WHERE id = $1 AND position = $2 AND status = 'live'
