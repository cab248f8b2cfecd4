-- What stands in the schemas in $1: tables, views and whatever else can be read like a table, whether all of their rows
-- are shown to everybody, and others with them, and whose it is. A view with its definition.
SELECT n.nspname::text AS "schema!", c.relname::text AS "name!", c.relkind::text AS "kind!",
       c.relrowsecurity AS "hides!", c.relforcerowsecurity AS "forced!", c.relhasrules AS "rules!",
       EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = c.oid) AS "inherited!",
       pg_get_userbyid(c.relowner)::text AS "owner!", pg_get_userbyid(l.nspowner)::text AS "owner_of_log!",
       coalesce(array_to_string(c.reloptions, '; '), '') AS "options!",
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, pg_namespace AS l
 WHERE l.nspname = 'log' AND n.nspname = ANY($1) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
 ORDER BY n.nspname, c.relname
