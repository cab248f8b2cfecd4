-- What no source says of the projects and Repos of the live builds; of the projects $1 and theirs, of the statuses $2,
-- where there are any.
SELECT count(*) FILTER (WHERE s.level = 'project') AS projects,
       count(*) FILTER (WHERE s.level = 'project' AND s.activity_status = 'non-responsive') AS non_responsive,
       count(*) FILTER (WHERE s.level = 'project' AND s.activity_status = 'non-responsive' AND EXISTS (
           SELECT FROM {graph}.finding AS q WHERE q.kind = 'project' AND q.id = s.id)) AS undescribed,
       count(*) FILTER (WHERE s.level = 'repo') AS repos,
       count(*) FILTER (WHERE s.level = 'repo' AND v.project IS NULL) AS without_project,
       count(*) FILTER (WHERE s.level = 'repo' AND v.latest_commit_date IS NULL AND NOT EXISTS (
           SELECT FROM {people}.fact AS f WHERE f.kind = 'log' AND f.key = s.id)) AS without_log,
       count(*) FILTER (WHERE s.level = 'repo' AND v.adoption_downloads IS NULL
                          AND v.adoption_stars IS NULL AND v.adoption_forks IS NULL) AS without_signals
FROM {metrics}.score AS s LEFT JOIN {graph}.vertex AS v ON s.level = 'repo' AND v.canonical_id = s.id
WHERE s.level IN ('project', 'repo')
  AND (cardinality($1::text[]) = 0 OR coalesce(v.project, s.id) = ANY ($1))
  AND (cardinality($2::text[]) = 0 OR s.activity_status = ANY ($2))
