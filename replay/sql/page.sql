-- Events of positions $1 to $2, at most 5,000 of them, in order. It begins with the append that covers $1, however far
-- before it that begins, and looks every event up by its append: a page costs the page, wherever it is.
-- OFFSET 0 keeps the planner from turning the look-ups into a pass over the log.
SELECT c.first_position + e.idx AS "position!", e.append_id AS "append_id!", e.idx AS "idx!", e.kind AS "kind!",
       e.stream_id AS "stream_id!", e.sequence AS "sequence!", e.type AS "event_type!", e.version AS "version!",
       e.observed_at AS "observed_at!", a.recorded_at AS "recorded_at!", a.metadata AS "metadata!",
       e.payload AS "payload!", e.payload_sha256 AS "payload_sha256!", e.leaf_hash AS "leaf_hash!"
  FROM (SELECT tenant_id, first_position, append_id FROM log.commit
         WHERE tenant_id = (SELECT log.current_tenant())
           AND first_position >= coalesce((SELECT first_position FROM log.commit
                                            WHERE tenant_id = (SELECT log.current_tenant()) AND first_position <= $1
                                            ORDER BY first_position DESC LIMIT 1), $1)
           AND first_position <= $2
         ORDER BY first_position LIMIT 5000) AS c
 CROSS JOIN LATERAL (SELECT recorded_at, metadata FROM log.append
                      WHERE tenant_id = c.tenant_id AND append_id = c.append_id OFFSET 0) AS a
 CROSS JOIN LATERAL (SELECT * FROM log.event
                      WHERE tenant_id = c.tenant_id AND append_id = c.append_id
                        AND idx >= $1 - c.first_position AND idx <= $2 - c.first_position
                      ORDER BY idx OFFSET 0) AS e
 ORDER BY c.first_position, e.idx
