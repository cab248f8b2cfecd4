-- How far streams are, in the order of their keys.
SELECT s.kind, s.id, s.version, s.stale
FROM unnest($1::text[], $2::text[]) AS w (kind, id) JOIN log.stream AS s
  ON s.tenant_id = (SELECT log.current_tenant()) AND s.kind = w.kind AND s.id = w.id
ORDER BY s.kind, s.id
