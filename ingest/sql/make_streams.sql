-- Empty streams of the tenant $3, so that there is a row to lock and to move: nobody else sees it before the
-- transaction ends.
INSERT INTO log.stream (tenant_id, kind, id, version)
SELECT $3, kind, id, 0 FROM unnest($1::text[], $2::text[]) AS w (kind, id)
ORDER BY kind COLLATE "C", id COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING kind, id
