-- The fence: nothing moves that is not where the caller left it.
UPDATE atlas.build AS b SET position = $3, recorded_at = $4, output_digest = NULL, state_digest = NULL
FROM unnest($1::bigint[], $2::bigint[]) AS mine (id, position)
WHERE b.tenant_id = (SELECT log.current_tenant()) AND b.id = mine.id AND b.position = mine.position
RETURNING b.id
