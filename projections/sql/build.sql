SELECT b.id, b.projection, b.status, b.formula, b.formula_hash, b.formula_document, b.code, b.position, b.built_to,
       b.log_root, b.output_digest, b.state_digest, b.quarantine_digest, b.set_id
FROM atlas.build AS b WHERE b.tenant_id = (SELECT log.current_tenant()) AND b.id = $1
