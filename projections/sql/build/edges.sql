SELECT in_vertex, out_vertex, {edge}_version AS version_range, {edge}_confidence AS confidence
  FROM {graph}.edge
 WHERE {edge}_confidence IS NOT NULL
 ORDER BY in_vertex, out_vertex
