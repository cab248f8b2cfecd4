SELECT type AS event_type, version, payload FROM log.event
WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND stream_id = $2 ORDER BY sequence
