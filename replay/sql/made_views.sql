-- The views that this session has made for itself: name, options, definition.
SELECT c.relname::text AS "name!", coalesce(array_to_string(c.reloptions, '; '), '') AS "options!",
       pg_get_viewdef(c.oid) AS "definition!"
  FROM pg_class AS c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'v' ORDER BY c.relname
