-- Forgets names and handles of the contributor $1, with what was submitted under the same handle.
WITH gone AS (
    DELETE FROM atlas.person WHERE tenant_id = (SELECT log.current_tenant()) AND pseudonym = $1 RETURNING login
), nameless AS (
    UPDATE atlas.submission SET actor = ''
     WHERE tenant_id = (SELECT log.current_tenant()) AND lower(actor) IN (SELECT lower(login) FROM gone)
)
SELECT count(*) AS "gone!" FROM gone
