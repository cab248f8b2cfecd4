SELECT k.key, k.input_digest, e.append_id, e.idx, e.kind, e.stream_id, e.sequence
FROM unnest($1::text[]) AS w (key)
JOIN log.idempotency_key AS k ON k.tenant_id = (SELECT log.current_tenant()) AND k.key = w.key
CROSS JOIN LATERAL (
    SELECT append_id, idx, kind, stream_id, sequence FROM log.event AS e
    WHERE e.tenant_id = k.tenant_id AND e.append_id = k.append_id AND e.idx = k.idx LIMIT 1
) AS e
