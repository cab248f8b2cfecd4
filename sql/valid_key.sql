-- The key $1 with the digest $2, where it is valid now.
SELECT kinds, repos, name FROM atlas.api_key
 WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1 AND digest = $2
   AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
