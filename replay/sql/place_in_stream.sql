-- Position of the first event of a stream ($1 kind, $2 id) from sequence $3 on; null while it has none.
SELECT (SELECT first_position FROM log.commit WHERE append_id = e.append_id) + e.idx AS "position?"
  FROM (SELECT append_id, idx FROM log.event WHERE kind = $1 AND stream_id = $2 AND sequence >= $3
         ORDER BY sequence LIMIT 1) AS e
