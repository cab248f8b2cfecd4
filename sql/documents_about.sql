SELECT c.first_position + e.idx AS "position!", e.type AS event_type, e.observed_at, e.payload
FROM log.event AS e JOIN log.commit AS c USING (append_id)
WHERE e.stream_id = $1 AND e.kind = coalesce($2, e.kind)
ORDER BY 1
