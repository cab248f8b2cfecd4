-- Whether the repository that calls itself $1 has handed in this content before, and whether the event at position $3
-- came in by a submission.
SELECT EXISTS (SELECT FROM atlas.submission
                WHERE tenant_id = (SELECT log.current_tenant()) AND lower(repository) = lower($1) AND repository = $1
                  AND content_hash = $2 AND outcome <> 'failed') AS "seen!",
       EXISTS (SELECT FROM atlas.submission
                WHERE tenant_id = (SELECT log.current_tenant()) AND position = $3 AND outcome = 'appended') AS "known!"
