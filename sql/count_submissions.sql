-- How many bills of materials came in, those that became no event of their own as well: all, or of the repository that
-- calls itself $1.
SELECT (SELECT count(*) FROM log.event AS e JOIN log.commit AS c USING (tenant_id, append_id)
          LEFT JOIN atlas.submission AS s
            ON s.tenant_id = e.tenant_id AND s.position = c.first_position + e.idx AND s.outcome = 'appended'
         WHERE e.tenant_id = (SELECT log.current_tenant()) AND e.kind = 'repo' AND e.type = 'SbomSubmitted'
           AND ($1::text IS NULL OR coalesce('pkg:github/' || s.repository, e.stream_id) = $1))
     + (SELECT count(*) FROM atlas.submission
         WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended'
           AND ($1::text IS NULL OR 'pkg:github/' || repository = $1)) AS "count!"
