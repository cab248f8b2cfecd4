-- Builds, what is live and the names of contributors belong to tenants, as the log does. Builds keep their own numbers,
-- and have grants instead of policies: they are filled by COPY, which a table with policies takes from nobody. So the
-- owner makes and drops them, and says who may read them: whoever may be their tenant.

-- A number has one spelling. Of another, `02`, the schema asked for would be another than that of the tenant, and of
-- anybody's making.
CREATE OR REPLACE FUNCTION log.current_tenant() RETURNS integer STABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.current_setting('pg_atlas.tenant', true) ~ '^[1-9][0-9]*$'
             AND pg_catalog.has_schema_privilege(session_user, pg_catalog.to_regnamespace(
                     'tenant_' || pg_catalog.current_setting('pg_atlas.tenant', true)), 'USAGE')
            THEN pg_catalog.current_setting('pg_atlas.tenant')::integer
            ELSE log.refuse_tenant(pg_catalog.current_setting('pg_atlas.tenant', true)) END;

-- A constant becomes the default of the rows there are, without a rewrite.
ALTER TABLE atlas.build  ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE atlas.live   ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE atlas.person ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;

ALTER TABLE atlas.live DROP CONSTRAINT live_build_fkey, DROP CONSTRAINT live_former_fkey;
ALTER TABLE atlas.build
    DROP CONSTRAINT build_pkey, ADD CONSTRAINT build_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE atlas.live
    DROP CONSTRAINT live_pkey, ADD CONSTRAINT live_pkey PRIMARY KEY (tenant_id, projection),
    ADD CONSTRAINT live_build_fkey FOREIGN KEY (tenant_id, build) REFERENCES atlas.build (tenant_id, id),
    ADD CONSTRAINT live_former_fkey FOREIGN KEY (tenant_id, former) REFERENCES atlas.build (tenant_id, id);
ALTER TABLE atlas.person
    DROP CONSTRAINT person_pkey, ADD CONSTRAINT person_pkey PRIMARY KEY (tenant_id, pseudonym);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['build', 'live', 'person']
    LOOP
        EXECUTE format('ALTER TABLE atlas.%I ALTER COLUMN tenant_id SET DEFAULT log.current_tenant(), '
                       'ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON atlas.%I USING (tenant_id = (SELECT log.current_tenant())) '
                       'WITH CHECK (tenant_id = (SELECT log.current_tenant()))', name);
    END LOOP;
END
$$;

-- The tenants that a login may be are its to know; that there are others, is not.
CREATE POLICY own ON log.tenant FOR SELECT
    USING (has_schema_privilege(session_user, to_regnamespace('tenant_' || tenant_id), 'USAGE'));

-- Where the stable views of the session's tenant are.
CREATE FUNCTION atlas.views_schema() RETURNS text STABLE
RETURN CASE log.current_tenant() WHEN 1 THEN 'public' ELSE 'tenant_' || log.current_tenant() END;

-- Sees to it that those read who may be the session's tenant, and nobody else of those who are named, of all that there
-- is: a build, or, without one, the views of these names. Of them those who may read what is live and the names, which
-- the views need as well. What belongs to somebody whom the owner, or whoever calls, is no part of, is not theirs to give.
CREATE FUNCTION atlas.share(build bigint, views text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    mine      integer := log.current_tenant();
    place     text := CASE WHEN share.build IS NULL THEN atlas.views_schema() ELSE 'build_' || share.build END;
    -- Whoever makes the tables has them, of every tenant.
    projector oid := coalesce(to_regrole('atlas_projector')::oid, 0);
    readers   oid[];
    reader    oid;
    relation  record;
BEGIN
    IF share.build IS NOT NULL AND NOT EXISTS (
        SELECT FROM atlas.build AS b WHERE b.tenant_id = mine AND b.id = share.build) THEN
        RETURN;
    END IF;
    readers := ARRAY(
        SELECT a.grantee FROM pg_namespace AS n, LATERAL aclexplode(n.nspacl) AS a
         WHERE n.nspname = 'tenant_' || mine AND a.privilege_type = 'USAGE' AND a.grantee NOT IN (0, n.nspowner)
           AND has_table_privilege(a.grantee, 'atlas.live', 'SELECT')
           AND has_table_privilege(a.grantee, 'atlas.person', 'SELECT'));
    IF share.build IS NOT NULL THEN
        FOREACH reader IN ARRAY readers LOOP
            IF NOT has_schema_privilege(reader, place, 'USAGE') THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', place, reader::regrole);
            END IF;
        END LOOP;
        FOR reader IN
            SELECT DISTINCT a.grantee FROM pg_namespace AS n, LATERAL aclexplode(n.nspacl) AS a
             WHERE n.nspname = place AND a.grantee NOT IN (0, n.nspowner, projector) AND a.grantee <> ALL(readers)
        LOOP
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s', place, reader::regrole);
        END LOOP;
    END IF;
    FOR relation IN
        SELECT c.oid, c.relname, c.relacl, c.relowner FROM pg_class AS c
         WHERE c.relnamespace = to_regnamespace(quote_ident(place)) AND pg_has_role(c.relowner, 'USAGE')
           AND pg_has_role(session_user, c.relowner, 'USAGE')
           AND CASE WHEN share.build IS NULL THEN c.relkind = 'v' AND c.relname = ANY(share.views)
                    ELSE c.relkind = 'r' END
    LOOP
        FOREACH reader IN ARRAY readers LOOP
            IF NOT has_table_privilege(reader, relation.oid, 'SELECT') THEN
                EXECUTE format('GRANT SELECT ON %I.%I TO %s', place, relation.relname, reader::regrole);
            END IF;
        END LOOP;
        FOR reader IN
            SELECT DISTINCT a.grantee FROM aclexplode(relation.relacl) AS a
             WHERE a.grantee NOT IN (0, relation.relowner, projector) AND a.grantee <> ALL(readers)
        LOOP
            EXECUTE format('REVOKE ALL ON %I.%I FROM %s', place, relation.relname, reader::regrole);
        END LOOP;
    END LOOP;
END;
$$;

-- Registers a build of the session's tenant and makes the schema of its tables, into which projectors put them.
CREATE FUNCTION atlas.make_build(projection text, formula text, formula_hash bytea, formula_document text, code text,
                                 quarantine_digest bytea, family_set text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO atlas.build (tenant_id, projection, status, formula, formula_hash, formula_document, code,
                             quarantine_digest, family_set)
    VALUES (log.current_tenant(), make_build.projection, 'building', make_build.formula, make_build.formula_hash,
            make_build.formula_document, make_build.code, make_build.quarantine_digest, make_build.family_set)
    RETURNING id INTO made;
    EXECUTE format('CREATE SCHEMA %I', 'build_' || made);
    IF to_regrole('atlas_projector') IS NOT NULL AND has_table_privilege('atlas_projector', 'atlas.build', 'UPDATE') THEN
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO atlas_projector', 'build_' || made);
    END IF;
    RETURN made;
END;
$$;

-- Drops a build of the session's tenant, whoever made its tables.
CREATE FUNCTION atlas.drop_build(build bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM atlas.build AS b WHERE b.tenant_id = log.current_tenant() AND b.id = drop_build.build) THEN
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', 'build_' || drop_build.build);
        DELETE FROM atlas.build AS b WHERE b.tenant_id = log.current_tenant() AND b.id = drop_build.build;
    END IF;
END;
$$;

-- Makes a tenant with an empty log and answers its number. A schema of its name that somebody made before is refused:
-- its maker would be that tenant.
CREATE FUNCTION log.make_tenant(name text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before text := current_setting('pg_atlas.tenant', true);
    made   integer;
BEGIN
    LOCK TABLE log.tenant IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO log.tenant (tenant_id, name)
    SELECT coalesce(max(t.tenant_id), 0) + 1, make_tenant.name FROM log.tenant AS t RETURNING tenant_id INTO made;
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %s', 'tenant_' || made,
                   (SELECT n.nspowner::regrole FROM pg_namespace AS n WHERE n.nspname = 'log'));
    -- To make the views there. Without USAGE, a projector is not that tenant.
    IF to_regrole('atlas_projector') IS NOT NULL AND has_table_privilege('atlas_projector', 'atlas.build', 'UPDATE') THEN
        EXECUTE format('GRANT CREATE ON SCHEMA %I TO atlas_projector', 'tenant_' || made);
    END IF;
    PERFORM set_config('pg_atlas.tenant', made::text, true);
    INSERT INTO log.head (tenant_id, next_position, root, frontier) VALUES (made, 1, sha256(''), '');
    PERFORM set_config('pg_atlas.tenant', coalesce(before, ''), true);
    RETURN made;
END;
$$;

REVOKE EXECUTE ON FUNCTION atlas.share(bigint, text[]), atlas.drop_build(bigint), log.make_tenant(text),
    atlas.make_build(text, text, bytea, text, text, bytea, text) FROM PUBLIC;

-- The program's logins go on as before; `migrate --roles` takes back what is no longer needed.
DO $$
DECLARE
    view record;
BEGIN
    IF to_regrole('atlas_reader') IS NOT NULL AND has_table_privilege('atlas_reader', 'atlas.live', 'SELECT') THEN
        GRANT SELECT ON atlas.person TO atlas_reader;
    END IF;
    IF to_regrole('atlas_projector') IS NOT NULL AND has_table_privilege('atlas_projector', 'atlas.build', 'UPDATE') THEN
        GRANT EXECUTE ON FUNCTION atlas.share(bigint, text[]), atlas.drop_build(bigint),
            atlas.make_build(text, text, bytea, text, text, bytea, text) TO atlas_projector;
    END IF;
    -- The views that are there show names and times with the rights of who asks. The next switch makes them anew.
    FOR view IN
        SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE')
           AND c.relname IN ('projects', 'repos', 'external_repos', 'contributors', 'depends_on', 'contributed_to')
    LOOP
        EXECUTE format('ALTER VIEW %I.%I SET (security_invoker = true)', view.nspname, view.relname);
    END LOOP;
END
$$;
