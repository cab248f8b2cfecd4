-- The project that the newest document about a repository which names one says it belongs to. What is erased has no
-- payload.
SELECT said.project AS "project!"
FROM log.event AS e,
    LATERAL (SELECT CASE WHEN octet_length(e.payload) > 0
        THEN convert_from(e.payload, 'UTF8')::json -> 'subject' ->> 'project' END AS project) AS said
WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.stream_id = $1
  AND said.project IS NOT NULL
ORDER BY e.sequence DESC
LIMIT 1
