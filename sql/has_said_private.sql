-- Whether an event came in with the word that its repository is not for everybody to see, or the newest submission of
-- some repository that says so says that.
SELECT EXISTS (SELECT FROM log.append WHERE tenant_id = (SELECT log.current_tenant())
                  AND metadata::json ->> 'visibility' <> 'public')
    OR EXISTS (SELECT FROM (SELECT DISTINCT ON (lower(repository)) public FROM atlas.submission
                             WHERE tenant_id = (SELECT log.current_tenant()) AND public IS NOT NULL
                             ORDER BY lower(repository), id DESC) AS newest WHERE NOT newest.public) AS "is_so!"
