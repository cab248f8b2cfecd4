SELECT pg_advisory_unlock($1, made.id::int) FROM unnest($2::bigint[]) AS made (id)
WHERE EXISTS (
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid()
      AND classid = $1::int::oid AND objid = made.id::int::oid AND objsubid = 2)
