-- Which of these projects anything describes: a grants record, an application, an answer or a correction.
SELECT id FROM log.stream
 WHERE tenant_id = (SELECT log.current_tenant()) AND kind = 'project' AND id = ANY($1) AND version > 0
