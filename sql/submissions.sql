-- The $2 newest bills of materials of the repository that calls itself $1, $3 left out. Each is an event, with the
-- submission that it came by where there was one, or a submission that became none of its own. Its events are in the
-- stream of that name, or of the same in lower case where it came by a submission.
SELECT position AS "position?", submission AS "submission?", repository AS "repository?", public AS "public?",
       actor AS "actor?", content_hash AS "content_hash?", reason AS "reason?", told_at AS "told_at?"
  FROM (
    SELECT c.first_position + e.idx AS position, NULL::bigint AS submission, s.repository, s.public, s.actor,
           s.content_hash, s.reason, a.recorded_at AS told_at
      FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id) JOIN log.append AS a USING (tenant_id, append_id)
      LEFT JOIN atlas.submission AS s
        ON s.tenant_id = e.tenant_id AND s.position = c.first_position + e.idx AND s.outcome = 'appended'
     WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.type = 'SbomSubmitted'
       AND e.stream_id IN ($1, lower($1)) AND coalesce('pkg:github/' || s.repository, e.stream_id) = $1
    UNION ALL
    SELECT position, id, repository, public, actor, content_hash, reason, submitted_at FROM atlas.submission
     WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended'
       AND lower(repository) = lower(substr($1, 12)) AND 'pkg:github/' || repository = $1
) AS told
 ORDER BY told_at DESC, submission DESC NULLS LAST, position DESC LIMIT $2 OFFSET $3
