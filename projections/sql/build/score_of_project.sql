SELECT s.id, v.display_name, s.activity_status, s.criticality_score, s.pony_factor,
       s.adoption_score::text AS adoption_score, s.pg_score::text AS pg_score, s.terms, s.flags,
       NULL::text AS project
FROM {metrics}.score AS s JOIN {graph}.project AS v ON v.canonical_id = s.id
WHERE s.level = $1 AND s.id = $2
