-- Gives what whoever is above policies owns of the log to the role in `pg_atlas.owner`: what the migrations and the
-- projector have made, or, where `pg_atlas.owner_of` is `everything`, whatever anybody has made in this database. What
-- belongs to extensions stays with them. Doing it again changes nothing.
DO $$
DECLARE
    due       name    := current_setting('pg_atlas.owner');
    whole     boolean := current_setting('pg_atlas.owner_of') = 'everything';
    above     oid[]   := ARRAY(SELECT oid FROM pg_roles WHERE rolsuper OR rolbypassrls);
    -- Where there is no log, what has the names of its schemas and tables is somebody else's.
    is_ours   boolean := EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                                  WHERE n.nspname = 'log' AND c.relname = 'event');
    places    oid[]   := ARRAY(SELECT oid FROM pg_namespace WHERE whole AND oid >= 16384 OR is_ours AND
                                      (nspname IN ('log', 'atlas') OR nspname ~ '^(build|tenant)_[0-9]+$'));
    shared    oid[]   := ARRAY(SELECT oid FROM pg_namespace WHERE nspname = 'public');
    views     name[]  := ARRAY['projects', 'repos', 'external_repos', 'contributors', 'depends_on', 'contributed_to'];
    member    oid[]   := ARRAY(SELECT objid FROM pg_depend WHERE deptype = 'e' AND objid >= 16384);
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, due) FROM pg_namespace
         WHERE oid = ANY(places) AND nspowner = ANY(above) AND oid <> ALL(member)
        UNION ALL
        -- The sequence of a column goes with its table.
        SELECT format('ALTER %s %s OWNER TO %I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                                                              WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                      oid::regclass, due) FROM pg_class AS c
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner = ANY(above) AND oid >= 16384 AND oid <> ALL(member)
           AND (relnamespace = ANY(places) OR relnamespace = ANY(shared) AND (whole OR is_ours AND
                (relname = '_sqlx_migrations' OR relkind = 'v' AND relname = ANY(views))))
           AND NOT (relkind = 'S' AND EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass
                                                 AND d.objid = c.oid AND d.deptype IN ('a', 'i')))
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO %I', oid::regprocedure, due) FROM pg_proc
         WHERE proowner = ANY(above) AND oid >= 16384 AND oid <> ALL(member)
           AND (pronamespace = ANY(places) OR whole AND pronamespace = ANY(shared))
        UNION ALL
        SELECT format('ALTER TYPE %s OWNER TO %I', oid::regtype, due) FROM pg_type
         WHERE typtype IN ('e', 'd', 'r') AND typowner = ANY(above) AND oid >= 16384 AND oid <> ALL(member)
           AND (typnamespace = ANY(places) OR whole AND typnamespace = ANY(shared))
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
