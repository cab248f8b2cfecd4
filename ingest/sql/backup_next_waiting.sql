-- The outbox numbers on after what waits in it.
SELECT setval('log.outbox_oid_seq', coalesce((SELECT max(oid) FROM log.outbox), 0) + 1, false) AS "next!"
