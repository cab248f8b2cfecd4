-- What keeps tenants apart and is not as it has to be, each in words. Who is listed the tenants is the owner alone, so
-- schemas without one are found for him.
WITH RECURSIVE guarded AS (
    SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity, c.relforcerowsecurity,
           ARRAY(SELECT p.polname::text FROM pg_policy AS p WHERE p.polrelid = c.oid ORDER BY 1) AS policies,
           CASE WHEN n.nspname = 'log' AND c.relname = 'tenant' THEN ARRAY['own', 'register']
                ELSE ARRAY['tenant'] END AS expected
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('log', 'atlas') AND c.relkind IN ('r', 'p')
), reading (oid) AS (
    SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('log', 'atlas') OR n.nspname ~ '^(build|tenant)_[0-9]+$'
    UNION
    SELECT r.ev_class FROM reading
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reading.oid
                         AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite AS r ON r.oid = d.objid
), place AS (
    SELECT n.nspname AS name, n.nspowner AS owner, log.nspowner AS due,
           pg_has_role(log.nspowner, 'USAGE') AS is_listed
      FROM pg_namespace AS n JOIN pg_namespace AS log ON log.nspname = 'log'
     WHERE n.nspname ~ '^tenant_[1-9][0-9]*$'
)
SELECT format('table %s has no row-level security', name) AS "what!" FROM guarded WHERE NOT relrowsecurity
UNION ALL
SELECT format('table %s does not force its policy on its owner', name) FROM guarded WHERE NOT relforcerowsecurity
UNION ALL
SELECT format('table %s has the policies {%s} where {%s} belong', name, array_to_string(policies, ', '),
              array_to_string(expected, ', ')) FROM guarded WHERE policies <> expected
UNION ALL
SELECT format('view %I.%I shows what its owner may see (it is no security_invoker)', n.nspname, c.relname)
  FROM reading JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'v' AND NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
                                          WHERE option_name = 'security_invoker'), false)
UNION ALL
SELECT format('schema %I belongs to %s and not to the owner of the log', name, owner::regrole)
  FROM place WHERE owner <> due
UNION ALL
SELECT format('schema %I is of no tenant', name) FROM place
 WHERE is_listed AND NOT EXISTS (SELECT FROM log.tenant AS t WHERE 'tenant_' || t.tenant_id = place.name)
UNION ALL
SELECT format('tenant %s has no schema tenant_%s', t.name, t.tenant_id) FROM log.tenant AS t
 WHERE to_regnamespace('tenant_' || t.tenant_id) IS NULL
ORDER BY 1
