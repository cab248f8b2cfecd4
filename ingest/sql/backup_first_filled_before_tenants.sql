-- The first table that holds what no empty log has, in a schema in which not all tables are of tenants.
SELECT CASE
    WHEN EXISTS (SELECT FROM log.append) THEN 'log.append'
    WHEN EXISTS (SELECT FROM log.event) THEN 'log.event'
    WHEN EXISTS (SELECT FROM log.commit) THEN 'log.commit'
    -- More than one is seen by a login above policies alone: that of somebody else, who may be about to begin.
    WHEN EXISTS (SELECT FROM log.head WHERE next_position > 1) OR (SELECT count(*) FROM log.head) > 1 THEN 'log.head'
    WHEN EXISTS (SELECT FROM log.stream) THEN 'log.stream'
    WHEN EXISTS (SELECT FROM log.idempotency_key) THEN 'log.idempotency_key'
    WHEN EXISTS (SELECT FROM log.outbox) THEN 'log.outbox'
    WHEN EXISTS (SELECT FROM log.tile) THEN 'log.tile'
    WHEN EXISTS (SELECT FROM log.checkpoint) THEN 'log.checkpoint'
    WHEN EXISTS (SELECT FROM atlas.person) THEN 'atlas.person'
    WHEN EXISTS (SELECT FROM atlas.build) THEN 'atlas.build'
END AS "filled"
