-- append.sql without an outbox row, for nothing but measuring what the outbox costs. Its commit waits for the disk.
WITH given AS (
    SELECT * FROM unnest($12::text[], $13::text[], $14::bigint[], $15::bigint[]) AS g (kind, id, expected, version)
    LIMIT cardinality($12)
), moved AS (
    UPDATE log.stream AS s SET version = g.version
    FROM given AS g
    WHERE s.tenant_id = $29 AND s.kind = g.kind AND s.id = g.id AND s.version = g.expected
    RETURNING 1
), fence AS (
    SELECT 1 WHERE (SELECT count(*) FROM moved) = cardinality($12)
), latest AS (
    INSERT INTO log.latest (tenant_id, kind, id, source, digest, sequence)
    SELECT $29, l.* FROM fence, unnest($16::text[], $17::text[], $18::text[], $19::bytea[], $20::bigint[]) AS l
    ON CONFLICT (tenant_id, kind, id, source) DO UPDATE SET digest = excluded.digest, sequence = excluded.sequence
), events AS (
    INSERT INTO log.event (tenant_id, append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                           payload_sha256, leaf_hash, payload)
    SELECT $29, $1, $2 + e.n - 1, e.version, e.sequence, e.observed_at, e.kind, e.stream_id, e.type,
           e.payload_sha256, e.leaf_hash, e.payload
    FROM fence, unnest($3::int[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                       $9::bytea[], $10::bytea[], $11::bytea[]) WITH ORDINALITY
        AS e (version, sequence, observed_at, kind, stream_id, type, payload_sha256, leaf_hash, payload, n)
), appended AS (
    INSERT INTO log.append (tenant_id, append_id, events, metadata, input_digest, recorded_at)
    SELECT $29, $1, $21, $22, $23, $24 FROM fence
), keys AS (
    INSERT INTO log.idempotency_key (tenant_id, key, input_digest, append_id, idx)
    SELECT $29, k.key, k.input_digest, $1, k.idx
    FROM fence, unnest($25::text[], $26::bytea[], $27::int[]) AS k (key, input_digest, idx)
)
SELECT octet_length($28::bytea) FROM fence
