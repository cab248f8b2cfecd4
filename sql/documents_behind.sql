-- The documents about repositories behind position $1, which ends an append, in the order of the log: of each its position,
-- its type and when it was recorded.
SELECT c.first_position + e.idx AS "position!", e.type AS "event_type!", a.recorded_at AS "recorded_at!"
  FROM log.commit AS c JOIN log.event AS e USING (tenant_id, append_id) JOIN log.append AS a USING (tenant_id, append_id)
 WHERE c.tenant_id = (SELECT log.current_tenant()) AND c.first_position > $1
   AND e.kind = 'repo' AND e.type IN ('SbomSubmitted', 'GitLogObserved')
 ORDER BY 1
