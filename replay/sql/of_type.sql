-- Events of kind of stream $1 and type $2 up to position $3, in order.
SELECT c.first_position + e.idx AS "position!", e.append_id AS "append_id!", e.idx AS "idx!", e.kind AS "kind!",
       e.stream_id AS "stream_id!", e.sequence AS "sequence!", e.type AS "event_type!", e.version AS "version!",
       e.observed_at AS "observed_at!", a.recorded_at AS "recorded_at!", a.metadata AS "metadata!",
       e.payload AS "payload!", e.payload_sha256 AS "payload_sha256!", e.leaf_hash AS "leaf_hash!"
  FROM (SELECT * FROM log.event
         WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND type = $2 OFFSET 0) AS e
 CROSS JOIN LATERAL (SELECT first_position FROM log.commit
                      WHERE tenant_id = e.tenant_id AND append_id = e.append_id OFFSET 0) AS c
 CROSS JOIN LATERAL (SELECT recorded_at, metadata FROM log.append
                      WHERE tenant_id = e.tenant_id AND append_id = e.append_id OFFSET 0) AS a
 WHERE c.first_position + e.idx <= $3
 ORDER BY c.first_position + e.idx
