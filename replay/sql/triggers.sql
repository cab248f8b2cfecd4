-- The triggers of the schemas log and atlas, and when they fire.
SELECT c.relnamespace::regnamespace::text || '.' || c.relname AS "relation!", t.tgname::text AS "name!",
       t.tgenabled::text AS "enabled!", pg_get_triggerdef(t.oid) AS "definition!"
  FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace IN (to_regnamespace('log')::oid, to_regnamespace('atlas')::oid) AND NOT t.tgisinternal
 ORDER BY 1, 2
