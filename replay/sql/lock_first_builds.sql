-- Waits for whoever makes the first builds; $1 names the lock.
SELECT pg_advisory_xact_lock($1)
