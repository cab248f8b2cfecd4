SELECT e.type AS event_type FROM log.commit AS c JOIN log.event AS e USING (tenant_id, append_id)
WHERE c.tenant_id = (SELECT log.current_tenant())
  AND c.first_position = (SELECT max(first_position) FROM log.commit
                           WHERE tenant_id = (SELECT log.current_tenant()) AND first_position <= $1)
  AND c.first_position + e.idx = $1
