-- Retired builds beyond the $1 newest of each projection, except those a rollback returns to.
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY projection ORDER BY id DESC) AS age
    FROM atlas.build
    WHERE tenant_id = (SELECT log.current_tenant()) AND status = 'retired'
      AND id NOT IN (SELECT former FROM atlas.live WHERE tenant_id = (SELECT log.current_tenant()) AND former IS NOT NULL)
) AS aged
WHERE age > $1
ORDER BY id
