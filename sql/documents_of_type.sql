-- The documents of type $1 about repositories, or about the one of stream $2 or at position $3, newest first.
SELECT c.first_position + e.idx AS "position!", e.stream_id AS "stream_id!", a.recorded_at AS "recorded_at!",
       a.metadata AS "metadata!", e.payload AS "payload!", count(*) OVER () AS "total!"
  FROM log.event AS e JOIN log.commit AS c USING (append_id) JOIN log.append AS a USING (append_id)
 WHERE e.kind = 'repo' AND e.type = $1 AND ($2::text IS NULL OR e.stream_id = $2)
   AND ($3::bigint IS NULL OR c.first_position + e.idx = $3)
 ORDER BY 1 DESC LIMIT $4 OFFSET $5
