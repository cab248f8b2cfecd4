DELETE FROM atlas.build WHERE id = $1
