SELECT id FROM atlas.build WHERE tenant_id = (SELECT log.current_tenant()) AND status = 'retired' AND position >= $1
ORDER BY id
