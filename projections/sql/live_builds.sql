SELECT b.id, b.projection, b.status, b.formula, b.formula_hash, b.formula_document, b.code, b.position, b.built_to,
       b.log_root, b.output_digest, b.state_digest, b.quarantine_digest, b.set_id
FROM atlas.live AS l JOIN atlas.build AS b ON b.tenant_id = l.tenant_id AND b.id = l.build
WHERE l.tenant_id = (SELECT log.current_tenant()) AND b.family_set = $1
ORDER BY l.projection COLLATE "C"
