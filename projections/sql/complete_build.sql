UPDATE atlas.build SET status = 'shadow', built_to = $2, log_root = $3 WHERE id = $1
