-- Events of an append that goes on.
INSERT INTO log.event (tenant_id, append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                       payload_sha256, leaf_hash, payload)
SELECT $12, $1, $2 + e.n - 1, e.version, e.sequence, e.observed_at, e.kind, e.stream_id, e.type,
       e.payload_sha256, e.leaf_hash, e.payload
FROM unnest($3::int[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
            $9::bytea[], $10::bytea[], $11::bytea[]) WITH ORDINALITY
    AS e (version, sequence, observed_at, kind, stream_id, type, payload_sha256, leaf_hash, payload, n)
