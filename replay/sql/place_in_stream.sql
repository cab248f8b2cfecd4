-- Position of the first event of a stream ($1 kind, $2 id) from sequence $3 on; null while it has none.
SELECT (SELECT first_position FROM log.commit WHERE tenant_id = e.tenant_id AND append_id = e.append_id) + e.idx
           AS "position?"
  FROM (SELECT tenant_id, append_id, idx FROM log.event
         WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND stream_id = $2 AND sequence >= $3
         ORDER BY sequence LIMIT 1) AS e
