-- Every key, in the order in which they were made.
SELECT id, kinds, repos, name, created_at, expires_at, revoked_at FROM atlas.api_key
 WHERE tenant_id = (SELECT log.current_tenant()) ORDER BY created_at, id
