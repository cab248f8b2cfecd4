-- The event at position $1 with the submission that it came by, where there was one; or the submission $2, unless it is
-- listed with the event that it became.
SELECT given.position AS "position?", NULL::bigint AS "submission?", s.repository AS "repository?", s.public AS "public?",
       s.actor AS "actor?", s.content_hash AS "content_hash?", s.reason AS "reason?", NULL::timestamptz AS "told_at?"
  FROM (SELECT $1::bigint AS position) AS given
  LEFT JOIN atlas.submission AS s
    ON s.tenant_id = (SELECT log.current_tenant()) AND s.position = given.position AND s.outcome = 'appended'
 WHERE given.position IS NOT NULL
UNION ALL
SELECT position, id, repository, public, actor, content_hash, reason, submitted_at FROM atlas.submission
 WHERE tenant_id = (SELECT log.current_tenant()) AND id = $2 AND outcome <> 'appended'
