-- What the order and the head say of the end of the log.
SELECT coalesce(max(first_position + events - 1), 0) AS "last!", coalesce(sum(events), 0)::bigint AS "events!",
       (SELECT frontier FROM log.head) AS "frontier!"
  FROM log.commit
