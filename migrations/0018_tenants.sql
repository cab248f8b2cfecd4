-- Tenants: a tenant is a log of its own in the same tables, with positions from 1, a head and a tree of its own. What
-- was there before belongs to the first, `public`, with the positions, leaves, tiles and root it had: no row is
-- rewritten.
--
-- Every key begins with the tenant. A session says whose it is by the setting `pg_atlas.tenant`; without it, or with
-- one whose schema `tenant_<id>` its user may not use, the tables neither show nor take anything: they raise.

-- Views with the rights of who asks are known since PostgreSQL 15.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 150000 THEN
        RAISE EXCEPTION 'PostgreSQL % is too old for the log: 15 or newer is needed', current_setting('server_version');
    END IF;
END
$$;

CREATE TABLE log.tenant (
    tenant_id integer          NOT NULL CHECK (tenant_id > 0),
    name      text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT tenant_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_name UNIQUE (name)
);
INSERT INTO log.tenant (tenant_id, name) VALUES (1, 'public');

-- The right to use the schema of a tenant is the right to be it.
CREATE SCHEMA tenant_1;
-- Whoever could work here before goes on as before.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['atlas_appender', 'atlas_sequencer', 'atlas_projector', 'atlas_reader', 'atlas_auditor']
    LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND has_schema_privilege(oid, 'atlas', 'USAGE')) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA tenant_1 TO %I', role);
        END IF;
    END LOOP;
END
$$;

-- STABLE: were it IMMUTABLE, it would raise while a statement is planned.
CREATE FUNCTION log.refuse_tenant(named text) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = CASE WHEN coalesce(named, '') = '' THEN 'this session names no tenant'
                       ELSE 'no such tenant for this user' END,
        HINT = 'SET pg_atlas.tenant to the number of a tenant; that of `public` is 1.';
END;
$$;

-- The tenant that this session is. Inlined where it is called, hence no SET and no SECURITY DEFINER. To be called as
-- (SELECT log.current_tenant()): once a statement, not once a row.
CREATE FUNCTION log.current_tenant() RETURNS integer STABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.has_schema_privilege(session_user, pg_catalog.to_regnamespace(
                     'tenant_' || pg_catalog.current_setting('pg_atlas.tenant', true)), 'USAGE')
            THEN pg_catalog.current_setting('pg_atlas.tenant')::integer
            ELSE log.refuse_tenant(pg_catalog.current_setting('pg_atlas.tenant', true)) END;

-- A constant becomes the default of the rows there are, without a rewrite.
ALTER TABLE log.stream          ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.append          ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.event           ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.idempotency_key ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.outbox          ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.commit          ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.head            ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.tile            ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;
ALTER TABLE log.checkpoint      ADD COLUMN tenant_id integer NOT NULL DEFAULT 1;

ALTER TABLE log.stream
    DROP CONSTRAINT stream_pkey, ADD CONSTRAINT stream_pkey PRIMARY KEY (tenant_id, kind, id);
ALTER TABLE log.append
    DROP CONSTRAINT append_pkey, ADD CONSTRAINT append_pkey PRIMARY KEY (tenant_id, append_id);
-- These two are what the migration of a large log takes its time for: about three seconds a million events.
ALTER TABLE log.event
    DROP CONSTRAINT event_append_idx, ADD CONSTRAINT event_append_idx UNIQUE (tenant_id, append_id, idx),
    DROP CONSTRAINT event_stream_sequence,
    ADD CONSTRAINT event_stream_sequence UNIQUE (tenant_id, kind, stream_id, sequence);
DROP INDEX log.event_git_log;
CREATE INDEX event_git_log ON log.event (tenant_id, append_id, idx)
    WHERE type = 'GitLogObserved' AND octet_length(payload) > 0;
ALTER TABLE log.idempotency_key
    DROP CONSTRAINT idempotency_key_pkey, ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE log.outbox
    DROP CONSTRAINT outbox_pkey, ADD CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, oid);
ALTER TABLE log.commit
    DROP CONSTRAINT commit_pkey, ADD CONSTRAINT commit_pkey PRIMARY KEY (tenant_id, first_position),
    DROP CONSTRAINT commit_append, ADD CONSTRAINT commit_append UNIQUE (tenant_id, append_id);
-- One row a tenant. Its lock is the fence between the sequencers of the tenant.
ALTER TABLE log.head
    DROP CONSTRAINT head_pkey, DROP COLUMN one, ADD CONSTRAINT head_pkey PRIMARY KEY (tenant_id),
    ADD CONSTRAINT head_tenant FOREIGN KEY (tenant_id) REFERENCES log.tenant;
ALTER TABLE log.tile
    DROP CONSTRAINT tile_pkey, ADD CONSTRAINT tile_pkey PRIMARY KEY (tenant_id, level, idx);
DROP INDEX log.checkpoint_note;
CREATE UNIQUE INDEX checkpoint_note ON log.checkpoint (tenant_id, tree_size, md5(note));

-- A row that says no tenant is the session's. The policy holds for the owner too; it is the only one of its table, for
-- a second one would open what this one closes.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['stream', 'append', 'event', 'idempotency_key', 'outbox', 'commit', 'head', 'tile',
                                'checkpoint']
    LOOP
        EXECUTE format('ALTER TABLE log.%I ALTER COLUMN tenant_id SET DEFAULT log.current_tenant(), '
                       'ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON log.%I USING (tenant_id = (SELECT log.current_tenant())) '
                       'WITH CHECK (tenant_id = (SELECT log.current_tenant()))', name);
    END LOOP;
END
$$;
-- Who there is, is the owner's to know.
ALTER TABLE log.tenant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY register ON log.tenant USING (pg_catalog.pg_has_role(
    (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'log'), 'USAGE'));

-- With the rights of who asks, and of the session's tenant also where those rights know no policy.
CREATE OR REPLACE VIEW log.events WITH (security_invoker = true) AS
SELECT e.kind                                 AS aggregate_type,
       e.stream_id                            AS aggregate_id,
       e.sequence                             AS sequence,
       e.type                                 AS event_type,
       e.version::text                        AS event_version,
       CASE WHEN octet_length(e.payload) = 0 THEN 'null'::json
            ELSE convert_from(e.payload, 'UTF8')::json END AS payload,
       a.metadata::json                       AS metadata
FROM log.event AS e
JOIN log.append AS a USING (tenant_id, append_id)
WHERE e.tenant_id = (SELECT log.current_tenant());

-- What looked for rows by their keys does so within a tenant.

CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_SCHEMA = 'log' AND TG_TABLE_NAME = 'event' THEN
        IF octet_length(old.payload) > 0 AND octet_length(new.payload) = 0
           AND row(new.tenant_id, new.append_id, new.idx, new.version, new.sequence, new.observed_at, new.kind,
                   new.stream_id, new.type, new.payload_sha256, new.leaf_hash)
             = row(old.tenant_id, old.append_id, old.idx, old.version, old.sequence, old.observed_at, old.kind,
                   old.stream_id, old.type, old.payload_sha256, old.leaf_hash)
           AND EXISTS (
               SELECT FROM log.event AS e
                 JOIN log.commit AS said ON said.tenant_id = e.tenant_id AND said.append_id = e.append_id
                 JOIN log.commit AS mine ON mine.tenant_id = e.tenant_id AND mine.append_id = old.append_id
                WHERE e.tenant_id = old.tenant_id AND e.kind = 'atlas' AND e.type = 'PayloadErased'
                  AND convert_from(e.payload, 'UTF8')::json ->> 'position' = (mine.first_position + old.idx)::text
                  AND convert_from(e.payload, 'UTF8')::json ->> 'payload_sha256' = encode(old.payload_sha256, 'hex'))
        THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION '% of %.% refused: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Append a new event that corrects the earlier one.';
END;
$$;

CREATE OR REPLACE FUNCTION log.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND new.tenant_id = old.tenant_id AND new.level = old.level AND new.idx = old.idx
       AND substr(new.hashes, 1, octet_length(old.hashes)) = old.hashes THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION '% of %.% refused: a tile is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported';
END;
$$;

CREATE OR REPLACE FUNCTION log.discard_unused(kinds text[], ids text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM log.stream AS s USING unnest(kinds, ids) AS w (kind, id)
    WHERE s.tenant_id = (SELECT log.current_tenant()) AND s.kind = w.kind AND s.id = w.id AND s.version = 0;
$$;

CREATE OR REPLACE FUNCTION log.fill_tiles(size bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine integer := log.current_tenant();
    lev  integer := 0;
BEGIN
    INSERT INTO log.tile AS t (tenant_id, level, idx, hashes)
    SELECT mine, 0, (p - 1) / 256, string_agg(leaf_hash, ''::bytea ORDER BY p)
      FROM (SELECT c.first_position + e.idx AS p, e.leaf_hash
              FROM log.commit AS c JOIN log.event AS e USING (tenant_id, append_id)
             WHERE c.tenant_id = mine) AS leaves
     WHERE p <= size
     GROUP BY (p - 1) / 256
    ON CONFLICT (tenant_id, level, idx) DO UPDATE SET hashes = excluded.hashes WHERE t.hashes <> excluded.hashes;
    WHILE EXISTS (SELECT FROM log.tile AS t
                   WHERE t.tenant_id = mine AND t.level = lev AND octet_length(t.hashes) = 8192) LOOP
        INSERT INTO log.tile AS t (tenant_id, level, idx, hashes)
        SELECT mine, lev + 1, below.idx / 256, string_agg(log.tile_root(below.hashes), ''::bytea ORDER BY below.idx)
          FROM log.tile AS below
         WHERE below.tenant_id = mine AND below.level = lev AND octet_length(below.hashes) = 8192
         GROUP BY below.idx / 256
        ON CONFLICT (tenant_id, level, idx) DO UPDATE SET hashes = excluded.hashes WHERE t.hashes <> excluded.hashes;
        lev := lev + 1;
    END LOOP;
END;
$$;
