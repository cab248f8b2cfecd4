SELECT session_user::text AS "login!", rolname::text AS "acting!", rolsuper AS "is_superuser!",
       rolbypassrls AS "bypasses!", pg_is_in_recovery() AS "is_standby!"
  FROM pg_roles WHERE rolname = current_user
