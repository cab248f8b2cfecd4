-- The policies of the tables in the schemas log and atlas, and of those that this session has made for itself: for which
-- command, permissive or not, for whom, which rows are shown and which are taken.
SELECT CASE WHEN c.relnamespace = pg_my_temp_schema() THEN c.relname::text
            ELSE c.relnamespace::regnamespace::text || '.' || c.relname END AS "relation!",
       p.polname::text AS "name!",
       concat_ws(' ', p.polcmd::text, p.polpermissive, (SELECT array_agg(r ORDER BY r) FROM unnest(p.polroles) AS r),
                 'USING', coalesce(pg_get_expr(p.polqual, p.polrelid), '-'),
                 'WITH CHECK', coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')) AS "says!"
  FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
 WHERE c.relnamespace IN (to_regnamespace('log')::oid, to_regnamespace('atlas')::oid, pg_my_temp_schema())
 ORDER BY 1, 2
