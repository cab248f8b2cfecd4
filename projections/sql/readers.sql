-- Who holds one of the views in $1, the longest first. A prepared transaction has no process.
SELECT l.virtualtransaction AS "transaction!", l.pid AS "pid?", coalesce(a.application_name, '') AS "application!",
       coalesce(a.usename::text, '') AS "role!",
       greatest(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS "seconds?"
  FROM (SELECT DISTINCT virtualtransaction, pid FROM pg_catalog.pg_locks
         WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
           AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
           AND relation IN (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                             WHERE n.nspname = (SELECT atlas.views_schema()) AND c.relname = ANY($1::text[]))) l
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 ORDER BY 5 DESC NULLS LAST, l.pid
