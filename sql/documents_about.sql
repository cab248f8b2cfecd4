SELECT c.first_position + e.idx AS "position!", e.type AS event_type, e.observed_at, e.payload
FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.stream_id = $1 AND e.kind = coalesce($2, e.kind)
ORDER BY 1
