-- The event at position $1, as far as erasing it needs to know.
SELECT e.append_id, e.idx, e.kind || ':' || e.stream_id AS "stream!", e.type AS event_type, e.payload_sha256, e.payload
  FROM log.commit c JOIN log.event e USING (append_id)
 WHERE c.first_position = (SELECT max(first_position) FROM log.commit WHERE first_position <= $1)
   AND c.first_position + e.idx = $1
