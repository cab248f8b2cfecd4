-- For this transaction names mean what the server brings; whatever else is meant is written out. What is made to be
-- compared is not run, so nobody looks into its texts.
SELECT set_config('search_path', 'pg_catalog', true) AS "path!",
       set_config('check_function_bodies', 'off', true) AS "checks!"
