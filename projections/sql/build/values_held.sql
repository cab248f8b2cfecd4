-- The last value of each metric of each vertex.
SELECT DISTINCT ON (id, metric, level) level, id, metric, held[array_upper(held, 1)] AS value
FROM {build}.span
ORDER BY id, metric, level, segment DESC
