-- Position and stream of every event behind position $1.
SELECT c.first_position + e.idx AS "position!", e.stream_id FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
 WHERE e.tenant_id = (SELECT log.current_tenant()) AND c.first_position + e.idx > $1
