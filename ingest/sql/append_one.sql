-- An append of one event without a key: what `append.sql` does, in a smaller statement. Its stream is there, as there.
--
-- All is selected from the one stream row once it is locked and moved. The outbox row comes last, so its number is
-- drawn after the lock: numbers of one stream ascend with its sequences.
--
-- The tenant is sent ($16), and the commit waits for no disk, as there.
WITH moved AS (
    UPDATE log.stream SET version = $3
    WHERE tenant_id = $16 AND kind = $5 AND id = $6 AND version = $3::bigint - 1
    RETURNING 1
), latest AS (
    INSERT INTO log.latest (tenant_id, kind, id, source, digest, sequence)
    SELECT $16, $5, $6, $11, $12, $3 FROM moved
    ON CONFLICT (tenant_id, kind, id, source) DO UPDATE SET digest = excluded.digest, sequence = excluded.sequence
), events AS (
    INSERT INTO log.event (tenant_id, append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                           payload_sha256, leaf_hash, payload)
    SELECT $16, $1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM moved
), appended AS (
    INSERT INTO log.append (tenant_id, append_id, events, metadata, input_digest, recorded_at)
    SELECT $16, $1, 1, $13, $14, $15 FROM moved
)
INSERT INTO log.outbox (tenant_id, append_id, events, leaf_hashes)
SELECT $16, $1, 1, $9 FROM moved WHERE set_config('synchronous_commit', 'off', true) IS NOT NULL
