-- Drops the oldest submissions that became no event of their own, but for the newest $1.
DELETE FROM atlas.submission WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended' AND id <= (
    SELECT id FROM atlas.submission WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended'
     ORDER BY id DESC OFFSET $1 LIMIT 1)
