-- State and clock in one read, of the tenant $5: a row for each source from $3 to $4 of which the stream remembers
-- something, at least one.
SELECT clock_timestamp() AS "now!", s.version AS "version?", s.stale AS "stale?",
       l.source AS "source?", l.digest AS "digest?", l.sequence AS "latest?"
FROM (VALUES (1)) AS one
LEFT JOIN log.stream AS s ON s.tenant_id = $5 AND s.kind = $1 AND s.id = $2
LEFT JOIN log.latest AS l ON l.tenant_id = $5 AND l.kind = $1 AND l.id = $2 AND l.source BETWEEN $3 AND $4
