-- What streams remember of the sources from one to another. LATERAL with OFFSET keeps the plan to one look into the key
-- per row that is asked for, whatever the planner thinks of the numbers.
SELECT l.kind, l.id, l.source, l.digest, l.sequence
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (kind, id, first, last)
CROSS JOIN LATERAL (
    SELECT kind, id, source, digest, sequence FROM log.latest AS l
    WHERE l.tenant_id = (SELECT log.current_tenant()) AND l.kind = w.kind AND l.id = w.id
      AND l.source BETWEEN w.first AND w.last
    OFFSET 0
) AS l
