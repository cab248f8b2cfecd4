-- The functions of the schemas log and atlas, and those that this session has made for itself: all that the server keeps
-- of each, in words that are the same for the same function. Whose it is, and whose the schema of the log.
SELECT CASE WHEN p.pronamespace = pg_my_temp_schema() THEN p.proname::text
            ELSE p.pronamespace::regnamespace::text || '.' || p.proname END AS "name!",
       p.pronamespace = pg_my_temp_schema() AS "temporary!",
       pg_get_function_identity_arguments(p.oid) AS "arguments!",
       (to_jsonb(p) - ARRAY['oid', 'proname', 'pronamespace', 'proowner', 'proacl', 'proargdefaults', 'prosqlbody']
        || jsonb_build_object('arguments', pg_get_function_arguments(p.oid), 'result', pg_get_function_result(p.oid),
                              'prosqlbody', pg_get_function_sqlbody(p.oid)))::text AS "says!",
       pg_get_userbyid(p.proowner)::text AS "owner!", pg_get_userbyid(l.nspowner)::text AS "owner_of_log!"
  FROM pg_proc AS p, pg_namespace AS l
 WHERE l.nspname = 'log'
   AND p.pronamespace IN (to_regnamespace('log')::oid, to_regnamespace('atlas')::oid, pg_my_temp_schema())
 ORDER BY 1, 3
