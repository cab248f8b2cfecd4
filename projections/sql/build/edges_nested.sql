SELECT in_vertex, out_vertex, nested_version AS version_range, nested_confidence AS confidence
  FROM {graph}.edge
 WHERE nested_confidence IS NOT NULL
 ORDER BY in_vertex, out_vertex
