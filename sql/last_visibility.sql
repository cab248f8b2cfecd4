-- Whether the newest submission of a repository said that it is for everybody to see; in any spelling of its name.
SELECT public FROM atlas.submission
 WHERE tenant_id = (SELECT log.current_tenant()) AND lower(repository) = lower($1) AND public IS NOT NULL
 ORDER BY id DESC LIMIT 1
