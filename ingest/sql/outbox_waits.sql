SELECT EXISTS (SELECT 1 FROM log.outbox WHERE tenant_id = $1) AS "needed!"
