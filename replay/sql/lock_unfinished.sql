SELECT id FROM atlas.build WHERE tenant_id = (SELECT log.current_tenant()) AND status IN ('building', 'shadow')
ORDER BY id FOR UPDATE
