WITH appends AS (
    INSERT INTO log.append (append_id, events, metadata, input_digest, recorded_at)
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[], $5::timestamptz[])
), latest AS (
    INSERT INTO log.latest (kind, id, source, digest, sequence)
    SELECT * FROM unnest($9::text[], $10::text[], $11::text[], $12::bytea[], $13::bigint[])
    ON CONFLICT (tenant_id, kind, id, source) DO UPDATE SET digest = excluded.digest, sequence = excluded.sequence
)
INSERT INTO log.stream AS s (kind, id, version)
SELECT * FROM unnest($6::text[], $7::text[], $8::bigint[])
ON CONFLICT (tenant_id, kind, id) DO UPDATE SET version = excluded.version
