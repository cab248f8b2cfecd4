-- What the log's repositories and packages are called; of a package of npm, whose case an earlier program lost, also
-- how the registry spelled it last. What is erased has no payload.
SELECT s.id, CASE WHEN s.kind = 'package' AND s.id LIKE 'pkg:npm/%' THEN (
    SELECT convert_from(e.payload, 'UTF8')::json ->> 'spelled' FROM log.event AS e
    WHERE e.tenant_id = s.tenant_id AND e.kind = s.kind AND e.stream_id = s.id AND octet_length(e.payload) > 0
    ORDER BY e.sequence DESC LIMIT 1
) END AS spelled
FROM log.stream AS s
WHERE s.tenant_id = (SELECT log.current_tenant()) AND s.kind IN ('repo', 'package') AND s.version > 0
ORDER BY s.id
