-- Those of these ids that the log has facts about, as repositories or as projects.
SELECT DISTINCT id FROM log.stream
 WHERE tenant_id = (SELECT log.current_tenant()) AND kind IN ('repo', 'project') AND id = ANY($1) AND version > 0
