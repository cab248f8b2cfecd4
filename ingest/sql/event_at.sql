-- The event at position $1, as far as erasing it needs to know.
SELECT e.append_id, e.idx, e.kind || ':' || e.stream_id AS "stream!", e.type AS event_type, e.payload_sha256, e.payload
  FROM log.commit c JOIN log.event e USING (tenant_id, append_id)
 WHERE c.tenant_id = (SELECT log.current_tenant())
   AND c.first_position = (SELECT max(first_position) FROM log.commit
                            WHERE tenant_id = (SELECT log.current_tenant()) AND first_position <= $1)
   AND c.first_position + e.idx = $1
