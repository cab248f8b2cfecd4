-- A store of messages in SQL functions, in the manner of message-db: one table for all streams, a number for each
-- message in the order in which it was drawn, a place within its stream, and one function that writes. What it promises
-- is less than a log: numbers have gaps and may become visible out of turn, nothing is hashed, nothing stays unchanged.

CREATE TABLE message (
    number   bigserial        PRIMARY KEY,
    id       uuid             NOT NULL DEFAULT gen_random_uuid(),
    stream   text COLLATE "C" NOT NULL,
    place    bigint           NOT NULL,
    type     text COLLATE "C" NOT NULL,
    data     jsonb            NOT NULL,
    metadata jsonb            NOT NULL,
    at       timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT message_id UNIQUE (id),
    CONSTRAINT message_place UNIQUE (stream, place)
);
-- Whoever follows reads the messages of a category: of all streams whose names begin alike.
CREATE INDEX message_category ON message (split_part(stream, ':', 1), number);

-- Writes a message at the end of a stream that ends at `expected` (0: it is empty). Where it is now.
CREATE FUNCTION write_message(of_stream text, of_type text, said jsonb, beside jsonb, expected bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(of_stream, 0));
    SELECT coalesce(max(place), 0) INTO last FROM message WHERE stream = of_stream;
    IF last <> expected THEN
        RAISE EXCEPTION 'stream % ends at %, not at %', of_stream, last, expected
            USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO message (stream, place, type, data, metadata) VALUES (of_stream, last + 1, of_type, said, beside);
    RETURN last + 1;
END;
$$;
