UPDATE atlas.build SET set_id = $2 WHERE id = ANY($1)
