-- The types of the events of one stream.
SELECT DISTINCT type AS "event_type!" FROM log.event WHERE kind = $1 AND stream_id = $2
