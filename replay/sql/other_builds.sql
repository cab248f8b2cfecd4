-- The builds of the session's tenant that are not live.
SELECT b.id, b.status FROM atlas.build AS b
 WHERE b.tenant_id = (SELECT log.current_tenant())
   AND NOT EXISTS (SELECT FROM atlas.live AS l WHERE l.tenant_id = b.tenant_id AND l.build = b.id)
 ORDER BY b.id
