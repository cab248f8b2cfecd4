-- Forgets names and handles of the contributor $1.
DELETE FROM atlas.person WHERE tenant_id = (SELECT log.current_tenant()) AND pseudonym = $1
