SELECT in_vertex, out_vertex, version_range, confidence FROM public.depends_on ORDER BY in_vertex, out_vertex
