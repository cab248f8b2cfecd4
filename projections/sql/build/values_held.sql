SELECT level, id, metric, from_position, value FROM {build}.span WHERE to_position IS NULL
