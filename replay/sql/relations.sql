-- What stands in the schemas in $1: tables, views and whatever else can be read like a table, and whether all of their
-- rows are shown to everybody. A view with its definition.
SELECT n.nspname::text AS "schema!", c.relname::text AS "name!", c.relkind::text AS "kind!",
       c.relrowsecurity AS "hides!", c.relhasrules AS "rules!",
       coalesce(array_to_string(c.reloptions, '; '), '') AS "options!",
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
 ORDER BY n.nspname, c.relname
