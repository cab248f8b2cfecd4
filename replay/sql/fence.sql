SELECT b.id
FROM atlas.build AS b
JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) AS mine (id, position, status)
  ON mine.id = b.id AND mine.position = b.position AND mine.status = b.status
WHERE b.tenant_id = (SELECT log.current_tenant()) AND b.quarantine_digest = $4
ORDER BY b.id FOR UPDATE OF b
