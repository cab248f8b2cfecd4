SELECT e.type AS event_type FROM log.commit AS c JOIN log.event AS e USING (append_id)
WHERE c.first_position = (SELECT max(first_position) FROM log.commit WHERE first_position <= $1)
  AND c.first_position + e.idx = $1
