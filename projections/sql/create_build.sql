INSERT INTO atlas.build (projection, status, formula, formula_hash, formula_document, code, quarantine_digest,
                         family_set)
VALUES ($1, 'building', $2, $3, $4, $5, $6, $7)
RETURNING id
