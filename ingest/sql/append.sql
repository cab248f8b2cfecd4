-- An append, all or nothing: one statement, so outside a larger transaction it costs one round trip. Its streams are
-- there: `make_streams.sql` has made those that are new, in the same transaction.
--
-- `fence` holds only when every stream row is locked and moved, and all else is selected from it. The outbox row comes
-- last, so its number is drawn after the locks: numbers of one stream ascend with its sequences.
--
-- The LIMIT cuts nothing: the planner expects one stream and finds it by its whole key. Of a plan made for an empty log
-- the tenant alone was the key, which every row has, and each append read every stream.
--
-- The tenant is sent ($29): asking the session for it would cost more than the rest of a small append.
--
-- The events' arrays are gone through together, as in `append_events.sql`.
--
-- The commit waits for no disk (`off`, of this transaction alone). Nobody is answered before the append has a position,
-- and the tick that gives it commits later: once that is on disk, so is all that was written before it.
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
    SELECT $29, $1, $2 + generate_subscripts($3::int[], 1) - 1, unnest($3::int[]), unnest($4::bigint[]),
           unnest($5::timestamptz[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::bytea[]),
           unnest($10::bytea[]), unnest($11::bytea[])
    FROM fence
), appended AS (
    INSERT INTO log.append (tenant_id, append_id, events, metadata, input_digest, recorded_at)
    SELECT $29, $1, $21, $22, $23, $24 FROM fence
), keys AS (
    INSERT INTO log.idempotency_key (tenant_id, key, input_digest, append_id, idx)
    SELECT $29, k.key, k.input_digest, $1, k.idx
    FROM fence, unnest($25::text[], $26::bytea[], $27::int[]) AS k (key, input_digest, idx)
)
INSERT INTO log.outbox (tenant_id, append_id, events, leaf_hashes)
SELECT $29, $1, $21, $28 FROM fence WHERE set_config('synchronous_commit', 'off', true) IS NOT NULL
