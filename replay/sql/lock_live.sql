-- Waits for whoever switches, or makes, the live builds of the session's tenant; $1 names the lock.
SELECT pg_advisory_xact_lock($1, log.current_tenant())
