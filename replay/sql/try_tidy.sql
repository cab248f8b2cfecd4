-- Only one tidies up what is of the session's tenant; $1 names the lock.
SELECT pg_try_advisory_xact_lock($1, log.current_tenant()) AS "mine!"
