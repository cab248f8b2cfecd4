-- The notes that the database keeps, by size.
SELECT note FROM log.checkpoint ORDER BY tree_size, note
