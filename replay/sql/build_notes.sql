-- What the register says of builds besides their cursors: their log time, and what went in.
SELECT id, recorded_at, built_to, log_root FROM atlas.build
 WHERE tenant_id = (SELECT log.current_tenant()) AND id = ANY($1) ORDER BY id
