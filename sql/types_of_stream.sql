-- The types of the events of one stream.
SELECT DISTINCT type AS "event_type!" FROM log.event
 WHERE tenant_id = (SELECT log.current_tenant()) AND kind = $1 AND stream_id = $2
