-- The head of the tenant $3, and beside it the oldest appends without a position: at most $1, and none after $2 events.
SELECT h.next_position, h.frontier, o.oid AS "oid?", o.append_id AS "append_id?", o.events AS "events?",
       o.leaf_hashes AS "leaf_hashes?"
FROM (SELECT * FROM log.head WHERE tenant_id = $3) AS h LEFT JOIN (
    SELECT *, sum(events) OVER (ORDER BY oid) - events AS before
    FROM (SELECT * FROM log.outbox WHERE tenant_id = $3 ORDER BY oid LIMIT $1) AS oldest
) AS o ON o.before < $2
ORDER BY o.oid
