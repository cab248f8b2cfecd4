-- The $1 newest submissions that became no event of their own, of which no more than so many are kept.
SELECT id, submitted_at FROM atlas.submission
 WHERE tenant_id = (SELECT log.current_tenant()) AND outcome <> 'appended' ORDER BY submitted_at DESC, id DESC LIMIT $1
