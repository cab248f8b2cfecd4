SELECT count(*) AS "waiting!" FROM log.outbox
