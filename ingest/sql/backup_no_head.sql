-- The head of the tenant's empty log goes, so that the backup's can come.
DELETE FROM log.head WHERE tenant_id = (SELECT log.current_tenant()) AND next_position = 1
