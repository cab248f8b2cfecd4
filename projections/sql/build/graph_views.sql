-- Stable views over the live builds: tables and columns of the working group's storage document. `{views}` is the
-- schema of their tenant, whose number is `{tenant}`.
CREATE OR REPLACE VIEW {views}.depends_on WITH (security_invoker = true) AS
SELECT e.in_vertex, e.out_vertex, e.{edge}_version AS version_range, e.{edge}_confidence AS confidence
FROM {graph}.edge e WHERE e.{edge}_confidence IS NOT NULL;
