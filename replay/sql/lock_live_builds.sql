SELECT b.id FROM atlas.live AS l JOIN atlas.build AS b ON b.tenant_id = l.tenant_id AND b.id = l.build
WHERE l.tenant_id = (SELECT log.current_tenant()) AND b.family_set = $1
ORDER BY b.id FOR UPDATE OF b
