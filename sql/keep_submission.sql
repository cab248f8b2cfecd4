-- Keeps what came of a submission; an event keeps the one that it came by first.
INSERT INTO atlas.submission (tenant_id, outcome, position, repository, public, actor, content_hash, reason)
VALUES (log.current_tenant(), $1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING id
