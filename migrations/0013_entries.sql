-- What is hashed into a leaf stays small: the tiles that serve a log give the length of an entry in sixteen bits, and a
-- log with one longer entry could never be served. The program checks the same (domain: checked, recorded); this holds
-- for every other hand. Rows of before stay as they are.

ALTER TABLE log.append ADD CONSTRAINT append_metadata CHECK (
    octet_length(metadata) <= 4096
    AND coalesce(octet_length(metadata::json ->> 'actor'), 0) <= 256
    AND coalesce(octet_length(metadata::json ->> 'tool'), 0) <= 256
    -- Who appends is nobody's e-mail address: what the log hashes is there for ever.
    AND coalesce((metadata::json ->> 'actor') COLLATE "C" !~ '[^[:space:]@]@[^[:space:]@]*[.][A-Za-z]{2}', true)
) NOT VALID;

-- The index over streams bounds the id as well, but at what it happens to take after compression.
ALTER TABLE log.event ADD CONSTRAINT event_envelope CHECK (
    octet_length(stream_id) <= 1024 AND octet_length(type) <= 64
) NOT VALID;
