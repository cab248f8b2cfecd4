-- Of these repositories, lower-cased, those of which the newest submission that says so says that they are not for
-- everybody to see.
SELECT newest.repository AS "repository!"
  FROM (SELECT DISTINCT ON (lower(repository)) lower(repository) AS repository, public FROM atlas.submission
         WHERE tenant_id = (SELECT log.current_tenant()) AND lower(repository) = ANY($1) AND public IS NOT NULL
         ORDER BY lower(repository), id DESC) AS newest
 WHERE NOT newest.public
