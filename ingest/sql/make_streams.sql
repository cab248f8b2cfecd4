-- Empty streams, so that there is a row to lock: nobody else sees it before the transaction ends.
INSERT INTO log.stream (kind, id, version)
SELECT kind, id, 0 FROM unnest($1::text[], $2::text[]) AS w (kind, id)
ORDER BY kind COLLATE "C", id COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING kind, id
