-- A tick of the tenant $13, all or nothing: the head, the positions, the tiles. Nothing where the head is not where it
-- was seen ($14), so that somebody else has ticked meanwhile, or where a tile holds another number of hashes.
WITH given AS (
    SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bytea[]) AS g (level, idx, held, more)
), moved AS (
    UPDATE log.head SET next_position = $5, root = $6, frontier = $7
    WHERE tenant_id = $13 AND next_position = $14 AND NOT EXISTS (
        SELECT FROM given AS g LEFT JOIN log.tile AS t ON t.tenant_id = $13 AND t.level = g.level AND t.idx = g.idx
        WHERE coalesce(octet_length(t.hashes), 0) <> g.held)
    RETURNING 1
), taken AS (
    DELETE FROM log.outbox AS o USING moved WHERE o.tenant_id = $13 AND o.oid = ANY($8)
), placed AS (
    INSERT INTO log.commit (tenant_id, first_position, events, append_id)
    SELECT $13, p.* FROM moved, unnest($9::bigint[], $10::int[], $11::uuid[]) AS p
), made AS (
    INSERT INTO log.tile (tenant_id, level, idx, hashes) SELECT $13, level, idx, more FROM moved, given WHERE held = 0
), grown AS (
    UPDATE log.tile AS t SET hashes = t.hashes || g.more FROM moved, given AS g
    WHERE g.held > 0 AND t.tenant_id = $13 AND t.level = g.level AND t.idx = g.idx
)
SELECT pg_notify($12, '') FROM moved
