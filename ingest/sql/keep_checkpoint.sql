INSERT INTO log.checkpoint (tree_size, root, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
