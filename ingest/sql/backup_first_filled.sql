-- The first table that holds what no empty log of the session's tenant has.
SELECT CASE
    WHEN EXISTS (SELECT FROM log.append WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.append'
    WHEN EXISTS (SELECT FROM log.event WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.event'
    WHEN EXISTS (SELECT FROM log.commit WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.commit'
    WHEN EXISTS (SELECT FROM log.head WHERE tenant_id = (SELECT log.current_tenant()) AND next_position > 1) THEN 'log.head'
    WHEN EXISTS (SELECT FROM log.stream WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.stream'
    WHEN EXISTS (SELECT FROM log.idempotency_key WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.idempotency_key'
    WHEN EXISTS (SELECT FROM log.outbox WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.outbox'
    WHEN EXISTS (SELECT FROM log.tile WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.tile'
    WHEN EXISTS (SELECT FROM log.checkpoint WHERE tenant_id = (SELECT log.current_tenant())) THEN 'log.checkpoint'
    WHEN EXISTS (SELECT FROM atlas.person WHERE tenant_id = (SELECT log.current_tenant())) THEN 'atlas.person'
    WHEN EXISTS (SELECT FROM atlas.build WHERE tenant_id = (SELECT log.current_tenant())) THEN 'atlas.build'
END AS "filled"
