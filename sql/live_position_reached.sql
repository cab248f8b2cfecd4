SELECT count(*) > 0 AND coalesce(min(b.position), 0) >= $1 AS "shown!"
FROM atlas.live AS l JOIN atlas.build AS b ON b.id = l.build
