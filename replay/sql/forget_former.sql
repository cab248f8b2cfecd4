UPDATE atlas.live SET former = NULL WHERE tenant_id = (SELECT log.current_tenant()) AND former = ANY($1)
