-- Builds: each projection's tables live in a schema of their own, `build_<id>`; this is their register.
CREATE SCHEMA atlas;

CREATE TABLE atlas.build (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection        text COLLATE "C" NOT NULL CHECK (projection IN ('graph', 'people', 'metrics', 'history')),
    status            text COLLATE "C" NOT NULL CHECK (status IN ('building', 'shadow', 'live', 'retired')),
    -- The formula that decides its rows; null for projections that are free of one.
    formula           text COLLATE "C",
    formula_hash      bytea,
    formula_document  text,
    -- Version of the program that made it.
    code              text NOT NULL,
    -- The cursor: the last position folded in. It moves in the transaction of the rows.
    position          bigint NOT NULL DEFAULT 0,
    -- Root of the log at that position, where the build ended at a sequenced boundary.
    log_root          bytea,
    output_digest     bytea,
    state_digest      bytea,
    quarantine_digest bytea NOT NULL,
    -- Log time of the last event folded in; what the views show as updated_at.
    recorded_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which build of each projection readers see. One row a projection; switched in one transaction.
CREATE TABLE atlas.live (
    projection text COLLATE "C" PRIMARY KEY,
    build      bigint NOT NULL REFERENCES atlas.build (id),
    -- The build that was live before, for a rollback.
    former     bigint REFERENCES atlas.build (id)
);

-- Names and handles of contributors: personal data, outside the log, in no digest, erasable.
CREATE TABLE atlas.person (
    pseudonym bytea PRIMARY KEY CHECK (octet_length(pseudonym) = 32),
    name      text,
    login     text
);
