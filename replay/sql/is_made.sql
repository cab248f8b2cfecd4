-- Whether somebody is at work on builds under the formula of digest $2; $1 names the lock of those who make builds.
SELECT EXISTS (
    SELECT FROM atlas.build AS b JOIN pg_locks AS l
        ON l.locktype = 'advisory' AND l.classid = $1::int::oid AND l.objid = b.id::int::oid AND l.objsubid = 2
     WHERE l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
       AND b.tenant_id = (SELECT log.current_tenant()) AND b.formula_hash = $2) AS "made!"
