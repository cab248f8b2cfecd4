-- How many bills of materials of the repository that calls itself $1 came in, those that became no event of their own as
-- well. Its events are in the stream of that name, or of the same in lower case where it came by a submission.
SELECT (SELECT count(*) FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
          LEFT JOIN atlas.submission AS s
            ON s.tenant_id = e.tenant_id AND s.position = c.first_position + e.idx AND s.outcome = 'appended'
         WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.type = 'SbomSubmitted'
           AND e.stream_id IN ($1, lower($1)) AND coalesce('pkg:github/' || s.repository, e.stream_id) = $1)
     + (SELECT count(*) FROM atlas.submission
         WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended'
           AND lower(repository) = lower(substr($1, 12)) AND 'pkg:github/' || repository = $1) AS "count!"
