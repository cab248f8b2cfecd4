SELECT append_id, first_position FROM log.commit WHERE tenant_id = (SELECT log.current_tenant()) AND append_id = ANY($1)
