-- Until the end of the transaction a superuser works as himself again.
SELECT set_config('role', 'none', true) FROM pg_roles WHERE rolname = session_user AND rolsuper
