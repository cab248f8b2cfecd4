-- The project that the newest fact of a type about a repository names, and when that was so, for each of these repositories $1 with the type
-- $2 beside it, among the last $3 events about it. None where that fact names none.
SELECT asked.id AS "id!", asked.type AS "event_type!", told.project AS "project!",
       told.observed_at AS "observed_at!"
  FROM (SELECT DISTINCT id COLLATE "C" AS id, type FROM unnest($1::text[], $2::text[]) AS pair(id, type)) AS asked
 CROSS JOIN LATERAL (
       SELECT convert_from(e.payload, 'UTF8')::json #>> '{subject,project}' AS project, e.observed_at
         FROM (SELECT type, payload, observed_at, sequence FROM log.event
                WHERE tenant_id = (SELECT log.current_tenant()) AND kind = 'repo' AND stream_id = asked.id
                ORDER BY sequence DESC LIMIT $3) AS e
        WHERE e.type = asked.type AND octet_length(e.payload) > 0
        ORDER BY e.observed_at DESC, e.sequence DESC LIMIT 1) AS told
 WHERE told.project IS NOT NULL
