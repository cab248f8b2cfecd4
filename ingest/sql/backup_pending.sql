SELECT coalesce(sum(events), 0)::bigint AS "events!" FROM log.outbox WHERE tenant_id = (SELECT log.current_tenant())
