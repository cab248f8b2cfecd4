SELECT in_vertex, out_vertex, flat_version AS version_range, flat_confidence AS confidence
  FROM {graph}.edge
 WHERE flat_confidence IS NOT NULL
 ORDER BY in_vertex, out_vertex
