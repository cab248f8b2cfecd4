WITH appends AS (
    INSERT INTO log.append (append_id, events, metadata, input_digest, recorded_at)
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[], $5::timestamptz[])
)
INSERT INTO log.stream AS s (kind, id, version, state)
SELECT * FROM unnest($6::text[], $7::text[], $8::bigint[], $9::text[])
ON CONFLICT (tenant_id, kind, id) DO UPDATE SET version = excluded.version, state = excluded.state
