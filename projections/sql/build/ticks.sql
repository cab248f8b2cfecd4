SELECT position, day::text AS day, recorded_at, labels::text AS labels FROM {build}.tick
