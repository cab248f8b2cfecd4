SELECT count(*) AS "waiting!" FROM log.outbox WHERE tenant_id = (SELECT log.current_tenant())
