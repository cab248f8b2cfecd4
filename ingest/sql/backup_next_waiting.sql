-- The outbox numbers on after what waits in it, and never back: the numbers are everybody's.
SELECT setval('log.outbox_oid_seq', greatest(coalesce((SELECT max(oid) FROM log.outbox), 0),
                                             (SELECT last_value FROM log.outbox_oid_seq)) + 1, false) AS "next!"
