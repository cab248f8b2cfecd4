-- The role in `pg_atlas.owner`, fit to own a log in this database: above no policy, and with no right but those to make
-- schemas, extensions and, for a benchmark, databases. It is told who keeps it waiting. Runs as a superuser, in one
-- transaction.
DO $$
DECLARE
    due name := current_setting('pg_atlas.owner');
BEGIN
    BEGIN
        IF to_regrole(quote_ident(due)) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN CREATEDB', due);
            EXECUTE format('GRANT pg_read_all_stats TO %I', due);
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- Made at this moment, for another database of the server.
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = due AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'the role % is above policies, so it can own no log: rename it, or take that from it', due;
    END IF;
    IF NOT has_database_privilege(due, current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CONNECT, TEMPORARY, CREATE ON DATABASE %I TO %I', current_database(), due);
    END IF;
    IF NOT has_schema_privilege(due, 'public', 'CREATE') OR NOT has_schema_privilege(due, 'public', 'USAGE') THEN
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA public TO %I', due);
    END IF;
    -- Whoever hands over builds belongs to those who get them.
    IF to_regrole('atlas_projector') IS NOT NULL AND to_regclass('atlas.build') IS NOT NULL THEN
        IF has_table_privilege('atlas_projector', 'atlas.build', 'UPDATE')
           AND NOT pg_has_role(due, 'atlas_projector', 'USAGE') THEN
            BEGIN
                EXECUTE format('GRANT atlas_projector TO %I', due);
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END IF;
END
$$;
