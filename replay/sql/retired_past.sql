SELECT id FROM atlas.build WHERE status = 'retired' AND position >= $1 ORDER BY id
