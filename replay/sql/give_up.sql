-- Gives back every lock of class $1 that this session holds: what it makes.
SELECT pg_advisory_unlock($1, objid::bigint::int) FROM pg_locks
 WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = $1::int::oid AND objsubid = 2
