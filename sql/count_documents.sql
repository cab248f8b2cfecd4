-- How many documents of type $1 about the repository of stream $2 have a position.
SELECT count(*) AS "count!" FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
 WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.type = $1 AND e.stream_id = $2
