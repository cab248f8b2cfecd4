-- Events of positions $1 to $2, at most 5,000 of them, in order. It begins with the append that covers $1, however far
-- before it that begins, and looks every event up by its append: a page costs the page, wherever it is.
-- The keys are sorted before what they stand for is looked up, so no payload is, and the first row is there at once.
-- OFFSET 0 keeps the planner from turning the look-ups into a pass over the log.
SELECT k.position AS "position!", k.append_id AS "append_id!", k.idx AS "idx!", e.kind AS "kind!",
       e.stream_id AS "stream_id!", e.sequence AS "sequence!", e.type AS "event_type!", e.version AS "version!",
       e.observed_at AS "observed_at!", k.recorded_at AS "recorded_at!", k.metadata AS "metadata!",
       e.payload AS "payload!", e.payload_sha256 AS "payload_sha256!", e.leaf_hash AS "leaf_hash!"
  FROM (SELECT c.first_position + i.idx AS position, c.tenant_id, c.append_id, i.idx, a.recorded_at, a.metadata
          FROM (SELECT tenant_id, first_position, append_id FROM log.commit
                 WHERE tenant_id = (SELECT log.current_tenant())
                   AND first_position >= coalesce((SELECT first_position FROM log.commit
                                                    WHERE tenant_id = (SELECT log.current_tenant())
                                                      AND first_position <= $1
                                                    ORDER BY first_position DESC LIMIT 1), $1)
                   AND first_position <= $2
                 ORDER BY first_position LIMIT 5000) AS c
         CROSS JOIN LATERAL (SELECT recorded_at, metadata FROM log.append
                              WHERE tenant_id = c.tenant_id AND append_id = c.append_id OFFSET 0) AS a
         CROSS JOIN LATERAL (SELECT idx FROM log.event
                              WHERE tenant_id = c.tenant_id AND append_id = c.append_id
                                AND idx >= $1 - c.first_position AND idx <= $2 - c.first_position
                              ORDER BY idx OFFSET 0) AS i
         ORDER BY position OFFSET 0) AS k
 CROSS JOIN LATERAL (SELECT * FROM log.event
                      WHERE tenant_id = k.tenant_id AND append_id = k.append_id AND idx = k.idx OFFSET 0) AS e
 ORDER BY k.position
