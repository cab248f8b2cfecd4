SELECT level, id, metric, max(to_position) AS position FROM {build}.span GROUP BY 1, 2, 3
