-- The one change of the log that the law may demand: a payload goes, its leaf stays. The payload of an event, and
-- nothing else of it, may become empty once the log itself says so: a sequenced PayloadErased that names the position
-- and the digest of these very bytes. Everything else is refused as before.

CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_SCHEMA = 'log' AND TG_TABLE_NAME = 'event' THEN
        IF octet_length(old.payload) > 0 AND octet_length(new.payload) = 0
           AND row(new.append_id, new.idx, new.version, new.sequence, new.observed_at, new.kind, new.stream_id,
                   new.type, new.payload_sha256, new.leaf_hash)
             = row(old.append_id, old.idx, old.version, old.sequence, old.observed_at, old.kind, old.stream_id,
                   old.type, old.payload_sha256, old.leaf_hash)
           AND EXISTS (
               SELECT FROM log.event AS e
                 JOIN log.commit AS said ON said.append_id = e.append_id
                 JOIN log.commit AS mine ON mine.append_id = old.append_id
                WHERE e.kind = 'atlas' AND e.type = 'PayloadErased'
                  AND convert_from(e.payload, 'UTF8')::json ->> 'position' = (mine.first_position + old.idx)::text
                  AND convert_from(e.payload, 'UTF8')::json ->> 'payload_sha256' = encode(old.payload_sha256, 'hex'))
        THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION '% of %.% refused: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Append a new event that corrects the earlier one.';
END;
$$;

-- An erased payload is null for readers of the view.
CREATE OR REPLACE VIEW log.events AS
SELECT e.kind                                 AS aggregate_type,
       e.stream_id                            AS aggregate_id,
       e.sequence                             AS sequence,
       e.type                                 AS event_type,
       e.version::text                        AS event_version,
       CASE WHEN octet_length(e.payload) = 0 THEN 'null'::json
            ELSE convert_from(e.payload, 'UTF8')::json END AS payload,
       a.metadata::json                       AS metadata
FROM log.event AS e
JOIN log.append AS a USING (append_id);
