-- Those of the last switch of the set $2; of the projections named, if any are.
SELECT b.id, b.projection, b.status, b.formula, b.formula_hash, b.formula_document, b.code, b.position, b.built_to,
       b.log_root, b.output_digest, b.state_digest, b.quarantine_digest, b.set_id
FROM atlas.live AS l JOIN atlas.build AS b ON b.tenant_id = l.tenant_id AND b.id = l.former
WHERE l.tenant_id = (SELECT log.current_tenant()) AND b.family_set = $2
  AND CASE WHEN cardinality($1::text[]) = 0
           THEN l.switch = (SELECT max(other.switch) FROM atlas.live AS other
                              JOIN atlas.build AS f ON f.tenant_id = other.tenant_id AND f.id = other.former
                             WHERE other.tenant_id = (SELECT log.current_tenant()) AND f.family_set = $2)
           ELSE l.projection = ANY($1) END
