-- Keeps a key.
INSERT INTO atlas.api_key (tenant_id, id, digest, kinds, repos, name, expires_at)
VALUES (log.current_tenant(), $1, $2, $3, $4, $5, $6)
