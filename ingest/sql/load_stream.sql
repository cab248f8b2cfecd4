-- State, clock and key in one read, of the tenant $6: a row for each source from $4 to $5 of which the stream remembers
-- something, at least one.
SELECT clock_timestamp() AS "now!", s.version AS "version?", s.stale AS "stale?",
       l.source AS "source?", l.digest AS "digest?", l.sequence AS "latest?",
       k.input_digest AS "input_digest?", e.append_id AS "append_id?", e.idx AS "idx?", e.kind AS "kind?",
       e.stream_id AS "stream_id?", e.sequence AS "sequence?"
FROM (VALUES (1)) AS one
LEFT JOIN log.stream AS s ON s.tenant_id = $6 AND s.kind = $1 AND s.id = $2
LEFT JOIN log.latest AS l ON l.tenant_id = $6 AND l.kind = $1 AND l.id = $2 AND l.source BETWEEN $4 AND $5
LEFT JOIN (log.idempotency_key AS k
           JOIN log.event AS e ON e.tenant_id = k.tenant_id AND e.append_id = k.append_id AND e.idx = k.idx)
    ON k.tenant_id = $6 AND k.key = $3
