SELECT level, id, metric, value FROM {history}.span
WHERE from_position <= $1 AND (to_position IS NULL OR to_position > $1)
ORDER BY level COLLATE "C", id COLLATE "C", metric COLLATE "C"
