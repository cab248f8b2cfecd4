SELECT b.id FROM atlas.live AS l JOIN atlas.build AS b ON b.id = l.build WHERE b.family_set = $1 ORDER BY b.id FOR UPDATE OF b
