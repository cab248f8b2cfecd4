-- Forgets who sent the event at position $1, and what repeats it.
UPDATE atlas.submission SET actor = ''
 WHERE tenant_id = (SELECT log.current_tenant()) AND position = $1
