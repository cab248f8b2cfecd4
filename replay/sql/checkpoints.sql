-- The notes that the database keeps, by size.
SELECT note FROM log.checkpoint WHERE tenant_id = (SELECT log.current_tenant()) ORDER BY tree_size, note
