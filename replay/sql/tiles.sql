-- The tiles of the levels in $1 and the indexes in $2.
SELECT t.level, t.idx, t.hashes FROM log.tile t
  JOIN unnest($1::int[], $2::bigint[]) AS w (level, idx) USING (level, idx)
 WHERE t.tenant_id = (SELECT log.current_tenant())
