-- The first table beside the log that holds what no empty log of the session's tenant has, of those since schema 21.
SELECT CASE
    WHEN EXISTS (SELECT FROM atlas.submission WHERE tenant_id = (SELECT log.current_tenant())) THEN 'atlas.submission'
    WHEN EXISTS (SELECT FROM atlas.api_key WHERE tenant_id = (SELECT log.current_tenant())) THEN 'atlas.api_key'
END AS "filled"
