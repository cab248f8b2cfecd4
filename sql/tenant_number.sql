-- The number of the tenant that is called $1, where this user may be it.
SELECT tenant_id FROM log.tenant
WHERE name = $1 AND has_schema_privilege(session_user, to_regnamespace('tenant_' || tenant_id), 'USAGE')
