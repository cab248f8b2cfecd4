UPDATE atlas.build SET status = 'live' WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1
