-- For this transaction names mean what the server brings; whatever else is meant is written out.
SELECT set_config('search_path', 'pg_catalog', true) AS "path!"
