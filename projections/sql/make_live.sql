UPDATE atlas.build SET status = 'live' WHERE id = $1
