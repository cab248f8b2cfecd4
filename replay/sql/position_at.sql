-- The last position whose running maximum of recorded_at is at or before $1: commits come in the order of positions.
SELECT coalesce(
    (SELECT min(c.first_position) - 1 FROM log.commit c JOIN log.append a USING (tenant_id, append_id)
      WHERE a.tenant_id = (SELECT log.current_tenant()) AND a.recorded_at > $1),
    (SELECT next_position - 1 FROM log.head WHERE tenant_id = (SELECT log.current_tenant()))) AS "position!"
