SELECT coalesce(sum(events), 0)::bigint AS "events!" FROM log.outbox
