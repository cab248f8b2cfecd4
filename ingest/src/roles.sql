-- The group roles of this database, nothing more and nothing less: whatever they had here before is taken first.
-- Roles belong to the whole server, so they are made only where they are missing. Runs in one transaction.

DO $$
DECLARE
    role  text;
    owner oid := (SELECT nspowner FROM pg_namespace WHERE nspname = 'atlas');
BEGIN
    FOREACH role IN ARRAY ARRAY['atlas_appender', 'atlas_sequencer', 'atlas_projector', 'atlas_reader', 'atlas_auditor']
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Made at this moment, for another database of the server.
        END;
    END LOOP;
    -- Above policies, each for one thing. Who may not make such roles leaves them to somebody who may.
    FOREACH role IN ARRAY ARRAY['atlas_auditor_all', 'atlas_backup']
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN BYPASSRLS', role);
            ELSIF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role AND rolbypassrls) THEN
                EXECUTE format('ALTER ROLE %I BYPASSRLS', role);
            END IF;
            IF role = 'atlas_backup' AND NOT pg_has_role(role, 'pg_read_all_data', 'USAGE') THEN
                GRANT pg_read_all_data TO atlas_backup;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
            NULL;
        END;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
        END IF;
    END LOOP;
    -- Whoever hands over builds, and says who reads them, must belong to those who get them.
    IF NOT pg_has_role(current_user, 'atlas_projector', 'USAGE') THEN
        EXECUTE format('GRANT atlas_projector TO %I', current_user);
    END IF;
    IF NOT pg_has_role(owner, 'atlas_projector', 'USAGE') THEN
        BEGIN
            EXECUTE format('GRANT atlas_projector TO %s', owner::regrole);
        EXCEPTION WHEN unique_violation THEN
            NULL; -- At this moment, for another database.
        END;
    END IF;
    EXECUTE format('REVOKE CREATE ON DATABASE %I FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, '
                   'atlas_auditor', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, '
                   'atlas_auditor', current_database());
    -- Whoever is in one of these is `public`, unless somebody has taken that from the groups since they came here.
    IF NOT has_schema_privilege('atlas_reader', 'atlas', 'USAGE') THEN
        GRANT USAGE ON SCHEMA tenant_1
            TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
    END IF;
END
$$;

REVOKE ALL ON SCHEMA log, atlas FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
REVOKE ALL ON ALL TABLES IN SCHEMA log, atlas
    FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA log, atlas
    FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log, atlas
    FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
-- What projectors make is nobody's by itself.
ALTER DEFAULT PRIVILEGES FOR ROLE atlas_projector REVOKE ALL ON SCHEMAS FROM atlas_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE atlas_projector REVOKE ALL ON TABLES FROM atlas_reader;

-- Everybody: the schemas by name, which migrations are applied, and the number of a tenant that one may be.
GRANT USAGE ON SCHEMA atlas, public
    TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
GRANT USAGE ON SCHEMA log TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
GRANT SELECT ON public._sqlx_migrations, log.tenant
    TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;

-- Appender: adds facts, moves streams on. The names of contributors come out of the same git histories, so it also
-- keeps the side table; it cannot remove anybody from it.
GRANT SELECT, INSERT ON log.event, log.append, log.idempotency_key, log.outbox TO atlas_appender;
GRANT SELECT, INSERT, UPDATE ON log.stream TO atlas_appender;
-- What a stream remembers follows from its events: what does not fit is forgotten, and read from them again.
GRANT SELECT, INSERT, UPDATE, DELETE ON log.latest TO atlas_appender;
GRANT USAGE ON SEQUENCE log.outbox_oid_seq TO atlas_appender;
GRANT SELECT ON log.events TO atlas_appender;
GRANT EXECUTE ON FUNCTION log.discard_unused(text[], text[]) TO atlas_appender;
GRANT SELECT, INSERT, UPDATE ON atlas.person TO atlas_appender;
-- Beside the log it keeps who sent what over HTTP, bounded, and looks keys up.
GRANT SELECT, INSERT, DELETE ON atlas.submission TO atlas_appender;
GRANT SELECT ON atlas.api_key TO atlas_appender;

-- Sequencer: from the outbox into the order.
GRANT SELECT, DELETE ON log.outbox TO atlas_sequencer;
GRANT SELECT, INSERT ON log.commit TO atlas_sequencer;
GRANT SELECT, UPDATE ON log.head TO atlas_sequencer;
GRANT SELECT, INSERT, UPDATE ON log.tile TO atlas_sequencer;
GRANT EXECUTE ON FUNCTION log.fill_tiles(bigint) TO atlas_sequencer;
-- It vouches for the order, so it keeps what is signed about it.
GRANT SELECT, INSERT ON log.checkpoint TO atlas_sequencer;

-- Projector: reads the log, has builds made and owns their tables, and the views over them.
GRANT SELECT ON log.event, log.append, log.commit, log.head TO atlas_projector;
GRANT CREATE ON SCHEMA public TO atlas_projector;
GRANT SELECT, UPDATE ON atlas.build TO atlas_projector;
GRANT SELECT, INSERT, UPDATE ON atlas.live TO atlas_projector;
GRANT EXECUTE ON FUNCTION atlas.make_build(text, text, bytea, text, text, bytea, text), atlas.drop_build(bigint),
    atlas.share(bigint, text[]) TO atlas_projector;
GRANT SELECT ON atlas.person TO atlas_projector;

-- Reader: what is live, with the names in its views, and how far that is behind the log.
GRANT SELECT ON atlas.build, atlas.live, atlas.person, atlas.submission, log.head TO atlas_reader;

-- Auditor: the whole log, and which builds there are.
GRANT SELECT ON ALL TABLES IN SCHEMA log TO atlas_auditor;
GRANT SELECT ON atlas.build, atlas.live, atlas.submission TO atlas_auditor;

-- Auditor of all tenants: every table of each, to read. It may be each tenant, so what the tenants' readers are given
-- below is given to it.
DO $$
DECLARE
    tenant integer;
BEGIN
    IF to_regrole('atlas_auditor_all') IS NULL THEN
        RETURN;
    END IF;
    REVOKE ALL ON SCHEMA log, atlas FROM atlas_auditor_all;
    REVOKE ALL ON ALL TABLES IN SCHEMA log, atlas FROM atlas_auditor_all;
    GRANT USAGE ON SCHEMA log, atlas, public TO atlas_auditor_all;
    GRANT SELECT ON ALL TABLES IN SCHEMA log, atlas TO atlas_auditor_all;
    GRANT SELECT ON public._sqlx_migrations TO atlas_auditor_all;
    FOR tenant IN SELECT tenant_id FROM log.tenant ORDER BY tenant_id
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO atlas_auditor_all', 'tenant_' || tenant);
    END LOOP;
END
$$;

-- Builds and views of every tenant, whoever made them: schemas are the owner's, tables and views the projectors', and who
-- may be the tenant reads them.
DO $$
DECLARE
    before text := current_setting('pg_atlas.tenant', true);
    owner  text := (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'atlas');
    tenant integer;
    build  bigint;
    place  text;
    views  text[];
    name   text;
BEGIN
    FOR tenant IN SELECT tenant_id FROM log.tenant ORDER BY tenant_id
    LOOP
        PERFORM set_config('pg_atlas.tenant', tenant::text, true);
        place := atlas.views_schema();
        FOR build IN SELECT b.id FROM atlas.build AS b JOIN pg_namespace AS n ON n.nspname = 'build_' || b.id
                      WHERE b.tenant_id = tenant ORDER BY b.id
        LOOP
            EXECUTE format('ALTER SCHEMA %I OWNER TO %s', 'build_' || build, owner);
            EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO atlas_projector', 'build_' || build);
            FOR name IN SELECT relname FROM pg_class
                         WHERE relkind = 'r' AND relnamespace = ('build_' || build)::regnamespace ORDER BY relname
            LOOP
                EXECUTE format('ALTER TABLE %I.%I OWNER TO atlas_projector', 'build_' || build, name);
            END LOOP;
            PERFORM atlas.share(build, '{}');
        END LOOP;
        IF tenant > 1 THEN
            EXECUTE format('GRANT CREATE ON SCHEMA %I TO atlas_projector', place);
        END IF;
        views := ARRAY(SELECT relname::text FROM pg_class
                        WHERE relkind = 'v' AND relnamespace = place::regnamespace AND (tenant > 1 OR relname IN
                              ('projects', 'repos', 'external_repos', 'contributors', 'depends_on', 'contributed_to')));
        FOREACH name IN ARRAY views
        LOOP
            EXECUTE format('ALTER VIEW %I.%I OWNER TO atlas_projector', place, name);
        END LOOP;
        PERFORM atlas.share(NULL, views);
    END LOOP;
    PERFORM set_config('pg_atlas.tenant', coalesce(before, ''), true);
END
$$;
