-- What a stream remembers of its sources are rows of their own: an append reads and writes those it is about, where
-- before it wrote one text of all of them anew.
--
-- These rows follow from the events, so they are no part of what is append-only: whoever appends moves them, with the
-- stream's row locked. Where a stream is `stale` they do not hold, and the next append reads its events again.

SET LOCAL statement_timeout = 0;

CREATE TABLE log.latest (
    tenant_id integer          NOT NULL DEFAULT log.current_tenant(),
    kind      text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    source    text COLLATE "C" NOT NULL,
    digest    bytea            NOT NULL CHECK (octet_length(digest) = 32),
    sequence  bigint           NOT NULL CHECK (sequence > 0),
    CONSTRAINT latest_pkey PRIMARY KEY (tenant_id, kind, id, source)
) WITH (fillfactor = 70);
ALTER TABLE log.latest ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.latest USING (tenant_id = (SELECT log.current_tenant()))
                                   WITH CHECK (tenant_id = (SELECT log.current_tenant()));

-- A constant becomes the value of the rows there are, without a rewrite.
ALTER TABLE log.stream ADD COLUMN stale boolean NOT NULL DEFAULT false;

-- A text that is not what the program wrote is not moved: that stream is stale.
DO $$
DECLARE
    before text := current_setting('pg_atlas.tenant', true);
    tenant integer;
    stream record;
    told   jsonb;
    fits   boolean;
BEGIN
    FOR tenant IN SELECT t.tenant_id FROM log.tenant AS t ORDER BY t.tenant_id
    LOOP
        PERFORM set_config('pg_atlas.tenant', tenant::text, true);
        FOR stream IN SELECT s.kind, s.id, s.version, s.state FROM log.stream AS s WHERE s.tenant_id = tenant
        LOOP
            BEGIN
                told := stream.state::jsonb;
                fits := coalesce((told ->> 'sequence')::bigint, 0) = stream.version AND NOT EXISTS (
                    SELECT FROM jsonb_each(told -> 'sources') AS l
                     WHERE coalesce(l.value ->> 'digest', '') !~ '^[0-9a-f]{64}$'
                        OR coalesce((l.value ->> 'sequence')::bigint, 0) NOT BETWEEN 1 AND stream.version);
            EXCEPTION WHEN data_exception THEN
                fits := false;
            END;
            IF NOT coalesce(fits, false) THEN
                UPDATE log.stream AS s SET stale = true
                 WHERE s.tenant_id = tenant AND s.kind = stream.kind AND s.id = stream.id;
                CONTINUE;
            END IF;
            INSERT INTO log.latest (tenant_id, kind, id, source, digest, sequence)
            SELECT tenant, stream.kind, stream.id,
                   CASE WHEN octet_length(l.key) <= 1024 THEN l.key
                        ELSE 'sha256/' || encode(sha256(convert_to(l.key, 'UTF8')), 'hex') END,
                   decode(l.value ->> 'digest', 'hex'), (l.value ->> 'sequence')::bigint
              FROM jsonb_each(told -> 'sources') AS l;
        END LOOP;
    END LOOP;
    PERFORM set_config('pg_atlas.tenant', coalesce(before, ''), true);
END
$$;

ALTER TABLE log.stream DROP COLUMN state;

DO $$
BEGIN
    IF to_regrole('atlas_appender') IS NOT NULL AND has_table_privilege('atlas_appender', 'log.stream', 'UPDATE') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON log.latest TO atlas_appender;
    END IF;
    IF to_regrole('atlas_auditor') IS NOT NULL AND has_table_privilege('atlas_auditor', 'log.stream', 'SELECT') THEN
        GRANT SELECT ON log.latest TO atlas_auditor;
    END IF;
END
$$;
