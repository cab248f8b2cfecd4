SELECT FROM log.head WHERE tenant_id = $1 FOR UPDATE
