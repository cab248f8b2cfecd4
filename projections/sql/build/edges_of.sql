-- Those with one of the ends $1.
SELECT e.in_vertex, e.out_vertex, e.{edge}_version AS version_range, e.{edge}_confidence AS confidence
  FROM (SELECT DISTINCT unnest($1::text[]) COLLATE "C" AS id) AS asked
 CROSS JOIN LATERAL (SELECT * FROM {graph}.edge WHERE in_vertex = asked.id
                      UNION ALL
                     SELECT * FROM {graph}.edge WHERE out_vertex = asked.id AND in_vertex <> ALL ($1::text[])
                     OFFSET 0) AS e
 WHERE e.{edge}_confidence IS NOT NULL
 ORDER BY e.in_vertex, e.out_vertex
