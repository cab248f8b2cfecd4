-- The event table as postgres-es knows it, over our own tables: the same columns, read-only (a join takes no writes).
-- Through it the framework reads a stream back when its remembered state no longer fits the program.

CREATE VIEW log.events AS
SELECT e.kind                                 AS aggregate_type,
       e.stream_id                            AS aggregate_id,
       e.sequence                             AS sequence,
       e.type                                 AS event_type,
       e.version::text                        AS event_version,
       convert_from(e.payload, 'UTF8')::json  AS payload,
       a.metadata::json                       AS metadata
FROM log.event AS e
JOIN log.append AS a USING (append_id);
