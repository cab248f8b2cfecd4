UPDATE atlas.build SET set_id = $2 WHERE tenant_id = (SELECT log.current_tenant()) AND id = ANY($1)
