INSERT INTO log.idempotency_key (key, input_digest, append_id, idx)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::int[])
ON CONFLICT DO NOTHING
