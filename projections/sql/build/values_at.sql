-- Of each metric of each vertex the last value at or before a position.
SELECT DISTINCT ON (s.level COLLATE "C", s.id COLLATE "C", s.metric COLLATE "C") s.level, s.id, s.metric, m.value
FROM {history}.span AS s, unnest(s.positions, s.held) AS m(position, value)
WHERE m.position <= $1
ORDER BY s.level COLLATE "C", s.id COLLATE "C", s.metric COLLATE "C", m.position DESC
