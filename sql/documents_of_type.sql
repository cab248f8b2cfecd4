-- Positions of $3 documents of type $1 about the repository of stream $2, newest first, $4 left out.
SELECT c.first_position + e.idx AS "position!" FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
 WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.type = $1 AND e.stream_id = $2
 ORDER BY 1 DESC LIMIT $3 OFFSET $4
