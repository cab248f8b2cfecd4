-- The triggers of the log, and when they fire.
SELECT c.relname::text AS "relation!", t.tgname::text AS "name!", t.tgenabled::text AS "enabled!",
       pg_get_triggerdef(t.oid) AS "definition!"
  FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = to_regnamespace('log') AND NOT t.tgisinternal
 ORDER BY c.relname, t.tgname
