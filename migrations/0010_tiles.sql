-- The Merkle tree as tiles, so that a proof reads a few rows whatever the size of the log: level n holds the roots of the
-- complete subtrees of height 8 n, 256 to a row, 32 bytes each; level 0 is the leaf hashes. The sequencer writes them in
-- the transaction that gives the positions. A full row never changes; the last one of a level only grows.

CREATE TABLE log.tile (
    level  integer NOT NULL CHECK (level >= 0),
    idx    bigint  NOT NULL CHECK (idx >= 0),
    hashes bytea   NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192),
    CONSTRAINT tile_pkey PRIMARY KEY (level, idx)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- Hashes do not compress.
ALTER TABLE log.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE FUNCTION log.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND new.level = old.level AND new.idx = old.idx
       AND substr(new.hashes, 1, octet_length(old.hashes)) = old.hashes THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION '% of %.% refused: a tile is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported';
END;
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.tile
    FOR EACH ROW EXECUTE FUNCTION log.refuse_rewrite();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.tile
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.tile ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.tile ENABLE ALWAYS TRIGGER never_truncated;

-- The root of a full tile.
CREATE FUNCTION log.tile_root(hashes bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    nodes bytea[];
    next  bytea[];
BEGIN
    SELECT array_agg(substr(hashes, n * 32 + 1, 32) ORDER BY n) INTO nodes
      FROM generate_series(0, octet_length(hashes) / 32 - 1) AS n;
    WHILE cardinality(nodes) > 1 LOOP
        SELECT array_agg(sha256('\x01'::bytea || nodes[2 * n - 1] || nodes[2 * n]) ORDER BY n) INTO next
          FROM generate_series(1, cardinality(nodes) / 2) AS n;
        nodes := next;
    END LOOP;
    RETURN nodes[1];
END;
$$;

-- Brings the tiles to the first `size` events from the events themselves: here for a log that is older than its tiles,
-- and for a sequencer that finds that a program older than this has sequenced meanwhile. What stands there already must
-- be a beginning of the truth, else the trigger refuses. Runs with the rights of the schema's owner.
CREATE FUNCTION log.fill_tiles(size bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lev integer := 0;
BEGIN
    INSERT INTO log.tile AS t (level, idx, hashes)
    SELECT 0, (p - 1) / 256, string_agg(leaf_hash, ''::bytea ORDER BY p)
      FROM (SELECT c.first_position + e.idx AS p, e.leaf_hash
              FROM log.commit AS c JOIN log.event AS e USING (append_id)) AS leaves
     WHERE p <= size
     GROUP BY (p - 1) / 256
    ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes WHERE t.hashes <> excluded.hashes;
    WHILE EXISTS (SELECT FROM log.tile AS t WHERE t.level = lev AND octet_length(t.hashes) = 8192) LOOP
        INSERT INTO log.tile AS t (level, idx, hashes)
        SELECT lev + 1, below.idx / 256, string_agg(log.tile_root(below.hashes), ''::bytea ORDER BY below.idx)
          FROM log.tile AS below
         WHERE below.level = lev AND octet_length(below.hashes) = 8192
         GROUP BY below.idx / 256
        ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes WHERE t.hashes <> excluded.hashes;
        lev := lev + 1;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION log.fill_tiles(bigint) FROM PUBLIC;

-- No sequencer may move the head while its past is filled in.
DO $$
DECLARE
    next bigint;
BEGIN
    SELECT next_position INTO STRICT next FROM log.head FOR UPDATE;
    PERFORM log.fill_tiles(next - 1);
END
$$;

-- Signed tree heads: C2SP notes as they were signed. Two keys may sign one size, together or one after the other.
CREATE TABLE log.checkpoint (
    tree_size bigint           NOT NULL CHECK (tree_size >= 0),
    root      bytea            NOT NULL CHECK (octet_length(root) = 32),
    note      text COLLATE "C" NOT NULL CHECK (octet_length(note) <= 65536)
);
-- By digest: a note may be longer than an index entry.
CREATE UNIQUE INDEX checkpoint_note ON log.checkpoint (tree_size, md5(note));

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.checkpoint
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
ALTER TABLE log.checkpoint ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.checkpoint ENABLE ALWAYS TRIGGER never_truncated;
