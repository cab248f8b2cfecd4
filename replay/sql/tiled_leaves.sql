-- How many leaves the tiles hold, at 32 bytes each.
SELECT coalesce(sum(octet_length(hashes)), 0)::bigint / 32 AS "leaves!" FROM log.tile
 WHERE tenant_id = (SELECT log.current_tenant()) AND level = 0
