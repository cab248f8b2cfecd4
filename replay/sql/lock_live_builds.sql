SELECT b.id FROM atlas.live AS l JOIN atlas.build AS b ON b.id = l.build ORDER BY b.id FOR UPDATE OF b
