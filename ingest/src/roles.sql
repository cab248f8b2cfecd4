-- The group roles of this database, nothing more and nothing less: whatever they had here before is taken first.
-- Roles belong to the whole server, so they are made only where they are missing. Runs in one transaction.

DO $$
DECLARE
    role text;
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
    -- Whoever hands over builds must belong to those who get them.
    IF NOT pg_has_role(current_user, 'atlas_projector', 'MEMBER') THEN
        EXECUTE format('GRANT atlas_projector TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE CREATE ON DATABASE %I FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, '
                   'atlas_auditor', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, '
                   'atlas_auditor', current_database());
    -- A build is a schema of its own.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO atlas_projector', current_database());
END
$$;

REVOKE ALL ON SCHEMA log, atlas, tenant_1 FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
REVOKE ALL ON ALL TABLES IN SCHEMA log, atlas
    FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA log, atlas
    FROM atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;

-- Everybody: the schemas by name, and which migrations are applied. And to be the tenant `public`: policies let through
-- what is of a tenant whose schema one may use.
GRANT USAGE ON SCHEMA atlas, public, tenant_1
    TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
GRANT USAGE ON SCHEMA log TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;
GRANT SELECT ON public._sqlx_migrations
    TO atlas_appender, atlas_sequencer, atlas_projector, atlas_reader, atlas_auditor;

-- Appender: adds facts, moves streams on. The names of contributors come out of the same git histories, so it also
-- keeps the side table; it cannot remove anybody from it.
GRANT SELECT, INSERT ON log.event, log.append, log.idempotency_key, log.outbox TO atlas_appender;
GRANT SELECT, INSERT, UPDATE ON log.stream TO atlas_appender;
GRANT USAGE ON SEQUENCE log.outbox_oid_seq TO atlas_appender;
GRANT SELECT ON log.events TO atlas_appender;
GRANT EXECUTE ON FUNCTION log.discard_unused(text[], text[]) TO atlas_appender;
GRANT SELECT, INSERT, UPDATE ON atlas.person TO atlas_appender;

-- Sequencer: from the outbox into the order.
GRANT SELECT, DELETE ON log.outbox TO atlas_sequencer;
GRANT SELECT, INSERT ON log.commit TO atlas_sequencer;
GRANT SELECT, UPDATE ON log.head TO atlas_sequencer;
GRANT SELECT, INSERT, UPDATE ON log.tile TO atlas_sequencer;
GRANT EXECUTE ON FUNCTION log.fill_tiles(bigint) TO atlas_sequencer;
-- It vouches for the order, so it keeps what is signed about it.
GRANT SELECT, INSERT ON log.checkpoint TO atlas_sequencer;

-- Projector: reads the log, owns the builds and the views over them.
GRANT SELECT ON log.event, log.append, log.commit, log.head TO atlas_projector;
GRANT CREATE ON SCHEMA public TO atlas_projector;
GRANT SELECT, INSERT, UPDATE, DELETE ON atlas.build, atlas.live TO atlas_projector;
GRANT SELECT ON atlas.person TO atlas_projector;

-- Reader: what is live, and how far that is behind the log. Builds and views that projectors make from now on are readable by themselves.
GRANT SELECT ON atlas.build, atlas.live, log.head TO atlas_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE atlas_projector GRANT USAGE ON SCHEMAS TO atlas_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE atlas_projector GRANT SELECT ON TABLES TO atlas_reader;

-- Auditor: the whole log, and which builds there are.
GRANT SELECT ON ALL TABLES IN SCHEMA log TO atlas_auditor;
GRANT SELECT ON atlas.build, atlas.live TO atlas_auditor;

-- Builds and views that were made before there were roles go to the projectors.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN SELECT n.nspname FROM pg_namespace n JOIN atlas.build b ON n.nspname = 'build_' || b.id ORDER BY b.id
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO atlas_projector', object.nspname);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO atlas_reader', object.nspname);
    END LOOP;
    FOR object IN
        SELECT n.nspname, c.relname, c.relkind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (c.relkind = 'r' AND n.nspname IN (SELECT 'build_' || id FROM atlas.build))
           OR (c.relkind = 'v' AND n.nspname = 'public' AND c.relname IN
               ('projects', 'repos', 'external_repos', 'contributors', 'depends_on', 'contributed_to'))
        ORDER BY n.nspname, c.relname
    LOOP
        EXECUTE format('ALTER TABLE %I.%I OWNER TO atlas_projector', object.nspname, object.relname);
        EXECUTE format('GRANT SELECT ON %I.%I TO atlas_reader', object.nspname, object.relname);
    END LOOP;
END
$$;
