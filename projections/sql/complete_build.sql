UPDATE atlas.build SET status = 'shadow', built_to = $2, log_root = $3, output_digest = $4, state_digest = $5
WHERE tenant_id = (SELECT log.current_tenant()) AND id = $1
