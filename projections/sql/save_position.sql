UPDATE atlas.build SET position = $2 WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1
