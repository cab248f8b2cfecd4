-- State, clock and key in one read, of the tenant $4.
SELECT clock_timestamp() AS "now!", s.version AS "version?", s.state AS "state?",
       k.input_digest AS "input_digest?", e.append_id AS "append_id?", e.idx AS "idx?", e.kind AS "kind?",
       e.stream_id AS "stream_id?", e.sequence AS "sequence?"
FROM (VALUES (1)) AS one
LEFT JOIN log.stream AS s ON s.tenant_id = $4 AND s.kind = $1 AND s.id = $2
LEFT JOIN (log.idempotency_key AS k
           JOIN log.event AS e ON e.tenant_id = k.tenant_id AND e.append_id = k.append_id AND e.idx = k.idx)
    ON k.tenant_id = $4 AND k.key = $3
