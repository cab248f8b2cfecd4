INSERT INTO log.event (append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                       payload_sha256, leaf_hash, payload)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[],
                     $7::text[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[])
