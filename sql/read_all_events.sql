-- Every event of the log in order, with all that is stored of it: what the readers of the benchmarks are measured
-- against. It is never tuned.
SELECT c.first_position + e.idx AS "position!", c.append_id AS "append_id!", e.idx AS "idx!", e.kind AS "kind!",
       e.stream_id AS "stream_id!", e.sequence AS "sequence!", e.type AS "event_type!", e.version AS "version!",
       e.observed_at AS "observed_at!", a.recorded_at AS "recorded_at!", a.metadata AS "metadata!",
       e.payload AS "payload!", e.payload_sha256 AS "payload_sha256!", e.leaf_hash AS "leaf_hash!"
  FROM log.commit AS c
  JOIN log.append AS a USING (tenant_id, append_id)
  JOIN log.event AS e USING (tenant_id, append_id)
 ORDER BY c.first_position, e.idx
