SELECT EXISTS (SELECT 1 FROM log.outbox) AS "needed!"
