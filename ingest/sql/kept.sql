-- Whether these appends of the tenant $1 are there, all of them; and if so they are on disk once this is answered: the
-- message, which nobody reads, commits durably, and what it saw was committed before.
SELECT pg_logical_emit_message(true, 'pg_atlas', '') IS NOT NULL AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[]) AS w (append_id)
    WHERE NOT EXISTS (SELECT FROM log.append AS a WHERE a.tenant_id = $1 AND a.append_id = w.append_id)
) AS "kept!"
