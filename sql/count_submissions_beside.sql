-- How many submissions that became no event of their own are kept.
SELECT count(*) AS "count!" FROM atlas.submission
 WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended'
