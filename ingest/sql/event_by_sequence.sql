-- LATERAL with LIMIT keeps the plan to one index probe per row, whatever the planner thinks of the numbers.
SELECT e.append_id, e.idx, e.kind, e.stream_id, e.sequence
FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS w (kind, id, sequence, n)
CROSS JOIN LATERAL (
    SELECT append_id, idx, kind, stream_id, sequence FROM log.event AS e
    WHERE e.tenant_id = (SELECT log.current_tenant())
      AND e.kind = w.kind AND e.stream_id = w.id AND e.sequence = w.sequence LIMIT 1
) AS e
ORDER BY w.n
