-- The tenants that this user may be.
SELECT tenant_id, name FROM log.tenant
WHERE has_schema_privilege(session_user, to_regnamespace('tenant_' || tenant_id), 'USAGE')
ORDER BY name
