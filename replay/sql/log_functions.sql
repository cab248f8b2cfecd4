-- The functions of the log.
SELECT p.proname::text AS "name!", p.prosrc AS "body!", p.prosecdef AS "definer!",
       coalesce(array_to_string(p.proconfig, '; '), '') AS "settings!", l.lanname::text AS "language!"
  FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
 WHERE p.pronamespace = to_regnamespace('log')
 ORDER BY p.proname, p.oid
