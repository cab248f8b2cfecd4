UPDATE atlas.build SET status = 'retired'
WHERE tenant_id = (SELECT log.current_tenant())
  AND id IN (SELECT build FROM atlas.live WHERE tenant_id = (SELECT log.current_tenant()) AND projection = $1)
  AND id <> $2
