-- Empties the payload of append $1, index $2.
UPDATE log.event SET payload = ''
 WHERE tenant_id = (SELECT log.current_tenant()) AND append_id = $1 AND idx = $2 AND octet_length(payload) > 0
