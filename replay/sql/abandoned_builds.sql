-- Unfinished builds whose maker, who would hold the lock ($1, id), is gone; without those of $2.
SELECT id FROM atlas.build AS b
WHERE tenant_id = (SELECT log.current_tenant()) AND status IN ('building', 'shadow')
  AND id <> ALL($2)
  AND NOT EXISTS (
      SELECT 1 FROM pg_locks
      WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = $1::int::oid AND objid = b.id::int::oid AND objsubid = 2)
ORDER BY id
