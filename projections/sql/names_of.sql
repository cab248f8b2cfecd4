SELECT pseudonym, name AS "name!" FROM atlas.person
WHERE tenant_id = (SELECT log.current_tenant()) AND name IS NOT NULL AND pseudonym = ANY($1)
