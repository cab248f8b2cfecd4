SELECT count(*) > 0 AND coalesce(min(b.position), 0) >= $1 AS "shown!"
FROM atlas.live AS l JOIN atlas.build AS b ON b.tenant_id = l.tenant_id AND b.id = l.build
WHERE l.tenant_id = (SELECT log.current_tenant())
