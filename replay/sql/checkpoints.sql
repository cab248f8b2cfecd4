-- The checkpoints that the database keeps, by size.
SELECT tree_size, root, note FROM log.checkpoint
 WHERE tenant_id = (SELECT log.current_tenant()) ORDER BY tree_size, note
