-- What the order and the head say of the end of the log.
SELECT coalesce(max(first_position + events - 1), 0) AS "last!", coalesce(sum(events), 0)::bigint AS "events!",
       (SELECT frontier FROM log.head WHERE tenant_id = (SELECT log.current_tenant())) AS "frontier!"
  FROM log.commit WHERE tenant_id = (SELECT log.current_tenant())
