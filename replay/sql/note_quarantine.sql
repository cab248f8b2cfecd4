UPDATE atlas.build SET quarantine_digest = $3
WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1 AND position = $2 AND status = 'live'
