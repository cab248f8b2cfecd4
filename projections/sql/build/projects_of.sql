-- Of these vertices.
SELECT v.canonical_id, v.project
  FROM (SELECT DISTINCT unnest($1::text[]) COLLATE "C" AS id) AS asked
 CROSS JOIN LATERAL (SELECT canonical_id, project FROM {graph}.vertex WHERE canonical_id = asked.id OFFSET 0) AS v
 WHERE v.project IS NOT NULL
