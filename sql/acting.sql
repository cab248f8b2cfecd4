-- As whom a session works: whether that one is above policies, who is not and owns the log, where it may work as him,
-- and whether there is nobody, or something of the log that is somebody's above policies.
WITH above AS (
    SELECT oid FROM pg_roles WHERE rolsuper OR rolbypassrls
), place AS (
    SELECT oid, nspname, nspowner FROM pg_namespace
     WHERE (nspname IN ('log', 'atlas') OR nspname ~ '^(build|tenant)_[0-9]+$')
       -- Schemas of these names may be another's, where there is no log.
       AND EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'log' AND c.relname = 'event')
), owner AS (
    SELECT r.rolname FROM place JOIN pg_roles AS r ON r.oid = place.nspowner
     WHERE place.nspname = 'log' AND r.oid NOT IN (SELECT oid FROM above) AND pg_has_role(r.oid, 'MEMBER')
)
SELECT me.rolname::text AS "name!", me.rolsuper AS "is_superuser!", me.oid IN (SELECT oid FROM above) AS "is_above!",
       (SELECT rolname::text FROM owner) AS "owner?",
       pg_is_in_recovery() AS "is_standby!",
       EXISTS (SELECT FROM place WHERE nspname = 'log') AS "has_log!",
       NOT EXISTS (SELECT FROM owner)
       OR EXISTS (SELECT FROM place WHERE nspowner IN (SELECT oid FROM above))
       OR EXISTS (SELECT FROM pg_class WHERE relnamespace IN (SELECT oid FROM place)
                                         AND relowner IN (SELECT oid FROM above))
       OR EXISTS (SELECT FROM pg_proc WHERE pronamespace IN (SELECT oid FROM place)
                                        AND proowner IN (SELECT oid FROM above))
       OR EXISTS (SELECT FROM pg_class
                   WHERE relnamespace = to_regnamespace('public') AND relowner IN (SELECT oid FROM above)
                     AND EXISTS (SELECT FROM place)
                     AND (relname = '_sqlx_migrations'
                          OR relkind = 'v' AND relname IN ('projects', 'repos', 'external_repos', 'contributors',
                                                           'depends_on', 'contributed_to'))) AS "is_to_be_given!"
  FROM pg_roles AS me WHERE me.rolname = current_user
