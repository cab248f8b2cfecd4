-- The outbox is drained in the order of its numbers, and one statement numbers its rows in their order.
INSERT INTO log.outbox (append_id, events, leaf_hashes)
SELECT append_id, events, leaf_hashes
FROM unnest($1::uuid[], $2::int[], $3::bytea[]) WITH ORDINALITY AS o (append_id, events, leaf_hashes, n)
ORDER BY n
