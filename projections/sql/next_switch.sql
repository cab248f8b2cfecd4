SELECT coalesce(max(switch), 0) + 1 AS "switch!" FROM atlas.live WHERE tenant_id = (SELECT log.current_tenant())
