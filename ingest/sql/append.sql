-- An append, all or nothing: one statement, so outside a larger transaction it costs one round trip.
--
-- `fence` holds only when every stream row is locked and moved, and all else is selected from it. The outbox row comes
-- last, so its number is drawn after the locks: numbers of one stream ascend with its sequences.
--
-- The tenant is sent ($25): asking the session for it would cost more than the rest of a small append.
WITH given AS (
    SELECT * FROM unnest($12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[])
        AS g (kind, id, expected, version, state)
), moved AS (
    UPDATE log.stream AS s SET version = g.version, state = g.state
    FROM given AS g
    WHERE g.expected > 0 AND s.tenant_id = $25 AND s.kind = g.kind AND s.id = g.id AND s.version = g.expected
    RETURNING 1
), made AS (
    INSERT INTO log.stream AS s (tenant_id, kind, id, version, state)
    SELECT $25, kind, id, version, state FROM given WHERE expected = 0
    ORDER BY kind COLLATE "C", id COLLATE "C"
    ON CONFLICT (tenant_id, kind, id) DO UPDATE SET version = excluded.version, state = excluded.state
        WHERE s.version = 0
    RETURNING 1
), fence AS (
    SELECT 1 WHERE (SELECT count(*) FROM moved) + (SELECT count(*) FROM made) = cardinality($12)
), events AS (
    INSERT INTO log.event (tenant_id, append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                           payload_sha256, leaf_hash, payload)
    SELECT $25, $1, $2 + e.n - 1, e.version, e.sequence, e.observed_at, e.kind, e.stream_id, e.type,
           e.payload_sha256, e.leaf_hash, e.payload
    FROM fence, unnest($3::int[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                       $9::bytea[], $10::bytea[], $11::bytea[]) WITH ORDINALITY
        AS e (version, sequence, observed_at, kind, stream_id, type, payload_sha256, leaf_hash, payload, n)
), appended AS (
    INSERT INTO log.append (tenant_id, append_id, events, metadata, input_digest, recorded_at)
    SELECT $25, $1, $17, $18, $19, $20 FROM fence
), keys AS (
    INSERT INTO log.idempotency_key (tenant_id, key, input_digest, append_id, idx)
    SELECT $25, k.key, k.input_digest, $1, k.idx
    FROM fence, unnest($21::text[], $22::bytea[], $23::int[]) AS k (key, input_digest, idx)
)
INSERT INTO log.outbox (tenant_id, append_id, events, leaf_hashes) SELECT $25, $1, $17, $24 FROM fence
