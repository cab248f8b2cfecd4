-- The hashes of each level above the leaves, in a row.
SELECT level, string_agg(hashes, ''::bytea ORDER BY idx) AS "hashes!"
  FROM log.tile WHERE tenant_id = (SELECT log.current_tenant()) AND level > 0 GROUP BY level ORDER BY level
