-- Events of an append that goes on. The arrays are gone through together, as long as the first: here and not in FROM,
-- where the server would first keep each of them as rows.
INSERT INTO log.event (tenant_id, append_id, idx, version, sequence, observed_at, kind, stream_id, type,
                       payload_sha256, leaf_hash, payload)
SELECT $12, $1, $2 + generate_subscripts($3::int[], 1) - 1, unnest($3::int[]), unnest($4::bigint[]),
       unnest($5::timestamptz[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::bytea[]),
       unnest($10::bytea[]), unnest($11::bytea[])
