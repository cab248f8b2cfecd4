-- Whether anything describes a project: a grants record, an application, an answer or a correction.
SELECT EXISTS (SELECT FROM log.stream WHERE kind = 'project' AND id = $1 AND version > 0) AS "described!"
