-- Events of the positions in $1, in their order there. Each is looked up by the append that covers it.
SELECT w.position AS "position!", e.append_id AS "append_id!", e.idx AS "idx!", e.kind AS "kind!",
       e.stream_id AS "stream_id!", e.sequence AS "sequence!", e.type AS "event_type!", e.version AS "version!",
       e.observed_at AS "observed_at!", a.recorded_at AS "recorded_at!", a.metadata AS "metadata!",
       e.payload AS "payload!", e.payload_sha256 AS "payload_sha256!", e.leaf_hash AS "leaf_hash!"
  FROM unnest($1::bigint[]) WITH ORDINALITY AS w (position, n)
 CROSS JOIN LATERAL (SELECT tenant_id, first_position, append_id FROM log.commit
                      WHERE tenant_id = (SELECT log.current_tenant()) AND first_position <= w.position
                      ORDER BY first_position DESC LIMIT 1) AS c
 CROSS JOIN LATERAL (SELECT recorded_at, metadata FROM log.append
                      WHERE tenant_id = c.tenant_id AND append_id = c.append_id OFFSET 0) AS a
 CROSS JOIN LATERAL (SELECT * FROM log.event
                      WHERE tenant_id = c.tenant_id AND append_id = c.append_id AND idx = w.position - c.first_position
                     OFFSET 0) AS e
 ORDER BY w.n
