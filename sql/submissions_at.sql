-- In the order of their places here: the event at each position of $1 with the submission that it came by, where there
-- was one, or the submission at the same place of $2, unless it is listed with the event that it became.
SELECT coalesce(given.event, o.position) AS "position?", o.id AS "submission?",
       coalesce(o.repository, s.repository) AS "repository?", coalesce(o.public, s.public) AS "public?",
       coalesce(o.actor, s.actor) AS "actor?", coalesce(o.content_hash, s.content_hash) AS "content_hash?",
       coalesce(o.reason, s.reason) AS "reason?", o.submitted_at AS "told_at?"
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS given (event, beside, place)
  LEFT JOIN atlas.submission AS s
    ON s.tenant_id = (SELECT log.current_tenant()) AND s.position = given.event AND s.outcome = 'appended'
  LEFT JOIN atlas.submission AS o
    ON o.tenant_id = (SELECT log.current_tenant()) AND o.id = given.beside AND o.outcome <> 'appended'
 ORDER BY given.place
