UPDATE atlas.build SET position = $2 WHERE id = $1
