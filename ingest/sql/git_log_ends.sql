-- The first and the latest git log that still have a payload. The conditions stand here as they stand in the index
-- log.event_git_log: a bound parameter would hide from the planner that they are the same.
(SELECT version AS "version!", payload AS "payload!" FROM log.event
  WHERE tenant_id = (SELECT log.current_tenant())
    AND type = 'GitLogObserved' AND octet_length(payload) > 0 ORDER BY append_id, idx LIMIT 1)
UNION ALL
(SELECT version, payload FROM log.event
  WHERE tenant_id = (SELECT log.current_tenant())
    AND type = 'GitLogObserved' AND octet_length(payload) > 0 ORDER BY append_id DESC, idx DESC LIMIT 1)
