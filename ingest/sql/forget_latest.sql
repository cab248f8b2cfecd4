-- Forgets all that a stream remembers, which is to be read from its events again.
DELETE FROM log.latest WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND id = $2
