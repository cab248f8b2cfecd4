-- For how many seconds the event at position $1 has been recorded, by the server's clock.
SELECT greatest(extract(epoch FROM clock_timestamp() - a.recorded_at), 0)::float8 AS "seconds!"
  FROM (SELECT tenant_id, append_id FROM log.commit
         WHERE tenant_id = (SELECT log.current_tenant()) AND first_position <= $1
         ORDER BY first_position DESC LIMIT 1) AS c
  JOIN log.append AS a USING (tenant_id, append_id)
