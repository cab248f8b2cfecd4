-- The next submission gets a number that none of those restored has.
SELECT setval(pg_get_serial_sequence('atlas.submission', 'id'), greatest(
    nextval(pg_get_serial_sequence('atlas.submission', 'id')),
    (SELECT max(id) FROM atlas.submission WHERE tenant_id = (SELECT log.current_tenant())))) AS "next!"
