-- Where the log ends.
SELECT next_position, root FROM log.head WHERE tenant_id = (SELECT log.current_tenant())
