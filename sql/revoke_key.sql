-- Revokes the key $1; one that is revoked stays so since when it was.
UPDATE atlas.api_key SET revoked_at = coalesce(revoked_at, now())
 WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1 RETURNING revoked_at AS "revoked_at!"
