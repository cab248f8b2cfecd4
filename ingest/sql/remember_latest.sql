-- What a stream remembers, read from its events again.
WITH latest AS (
    INSERT INTO log.latest (kind, id, source, digest, sequence)
    SELECT $1, $2, * FROM unnest($3::text[], $4::bytea[], $5::bigint[])
)
UPDATE log.stream SET stale = false WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND id = $2
