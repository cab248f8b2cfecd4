-- The project that the newest facts about each of these repositories name, of those behind position $2 among the last
-- $3 of a repository. A source whose newest fact names none says nothing.
SELECT DISTINCT ON (asked.id) asked.id AS "id!", told.project AS "project!"
  FROM (SELECT DISTINCT unnest($1::text[]) COLLATE "C" AS id) AS asked
 CROSS JOIN LATERAL (
       SELECT DISTINCT ON (e.type) convert_from(e.payload, 'UTF8')::json #>> '{subject,project}' AS project,
              e.observed_at, e.sequence
         FROM (SELECT type, payload, observed_at, sequence, append_id, idx FROM log.event
                WHERE kind = 'repo' AND stream_id = asked.id ORDER BY sequence DESC LIMIT $3) AS e
         LEFT JOIN log.commit AS c USING (append_id)
        WHERE coalesce(c.first_position + e.idx > $2, true) AND octet_length(e.payload) > 0
        ORDER BY e.type, e.observed_at DESC, e.sequence DESC) AS told
 WHERE told.project IS NOT NULL
 ORDER BY asked.id, told.observed_at DESC, told.sequence DESC
