-- The values of one vertex over time. The levels are named because a project and a repository may share an id.
SELECT s.level, s.metric, s.from_position, s.to_position, s.value, f.day::text AS from_day, t.day::text AS to_day
FROM {history}.span AS s
LEFT JOIN {history}.tick AS f ON f.position = s.from_position
LEFT JOIN {history}.tick AS t ON t.position = s.to_position
WHERE s.id = $1 AND s.level = ANY($2) AND ($3::text IS NULL OR s.metric = $3)
ORDER BY s.metric, s.from_position, s.level
