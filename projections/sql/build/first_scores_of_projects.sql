SELECT s.id, v.display_name, s.activity_status, s.criticality_score, s.pony_factor,
       s.adoption_score::text AS adoption_score, s.pg_score::text AS pg_score, s.terms, s.flags,
       NULL::text AS project
FROM (SELECT * FROM {metrics}.score WHERE level = $1 ORDER BY level, id LIMIT $2) AS s
CROSS JOIN LATERAL (SELECT display_name FROM {graph}.project WHERE canonical_id = s.id OFFSET 0) AS v
ORDER BY s.id
