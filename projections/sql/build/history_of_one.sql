-- The values of one vertex over time. The levels are named because a project and a repository may share an id.
WITH moves AS (
    SELECT s.level, s.metric, m.position, m.value,
        lead(m.position) OVER (PARTITION BY s.metric, s.level ORDER BY s.segment, m.n) AS ended
    FROM {history}.span AS s, unnest(s.positions, s.held) WITH ORDINALITY AS m(position, value, n)
    WHERE s.id = $1 AND s.level = ANY($2) AND ($3::text IS NULL OR s.metric = $3)
)
SELECT m.level, m.metric, m.position AS from_position, m.ended AS to_position, m.value,
    (SELECT t.day::text FROM {history}.tick AS t WHERE t.position = m.position) AS from_day,
    (SELECT t.day::text FROM {history}.tick AS t WHERE t.position = m.ended) AS to_day
FROM moves AS m
ORDER BY m.metric, m.position, m.level
