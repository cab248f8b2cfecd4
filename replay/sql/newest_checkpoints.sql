-- The checkpoints of the largest size that the database keeps.
SELECT note FROM log.checkpoint
 WHERE tenant_id = (SELECT log.current_tenant())
   AND tree_size = (SELECT max(tree_size) FROM log.checkpoint WHERE tenant_id = (SELECT log.current_tenant()))
 ORDER BY note
