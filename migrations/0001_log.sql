-- The log: streams, appends, events, and the order that the sequencer gives them.
--
-- An append is one transaction and touches nothing global. It leaves one row in the outbox; the sequencer drains the
-- outbox and writes one row of log.commit per append. The position of an event is
--     log.commit.first_position + log.event.idx
-- Text that is a key is COLLATE "C": the same order under every locale.

CREATE SCHEMA log;

-- What a stream remembers, moved in the transaction of its events. `version` is the sequence of its latest event and the
-- optimistic lock. Room is left on each page so that an update stays on it.
CREATE TABLE log.stream (
    kind    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    version bigint           NOT NULL CHECK (version >= 0),
    state   text             NOT NULL,
    CONSTRAINT stream_pkey PRIMARY KEY (kind, id)
) WITH (fillfactor = 70);

-- One row per append. `metadata` is canonical JSON of plain strings; `input_digest` covers all that was handed in.
CREATE TABLE log.append (
    append_id    uuid        NOT NULL,
    events       integer     NOT NULL CHECK (events > 0),
    metadata     text        NOT NULL,
    input_digest bytea       NOT NULL CHECK (octet_length(input_digest) = 32),
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT append_pkey PRIMARY KEY (append_id)
);

-- `payload` holds exactly the bytes that `payload_sha256` is the digest of.
CREATE TABLE log.event (
    append_id      uuid             NOT NULL,
    idx            integer          NOT NULL CHECK (idx >= 0),
    version        integer          NOT NULL CHECK (version > 0),
    sequence       bigint           NOT NULL CHECK (sequence > 0),
    observed_at    timestamptz      NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    type           text COLLATE "C" NOT NULL,
    payload_sha256 bytea            NOT NULL CHECK (octet_length(payload_sha256) = 32),
    leaf_hash      bytea            NOT NULL CHECK (octet_length(leaf_hash) = 32),
    payload        bytea            NOT NULL,
    CONSTRAINT event_append_idx UNIQUE (append_id, idx),
    CONSTRAINT event_stream_sequence UNIQUE (kind, stream_id, sequence)
);

-- A client's key and the event it stands for, also when that event was there before the key.
CREATE TABLE log.idempotency_key (
    key          text COLLATE "C" NOT NULL,
    input_digest bytea            NOT NULL CHECK (octet_length(input_digest) = 32),
    append_id    uuid             NOT NULL,
    idx          integer          NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (key)
);

-- Appends without positions. The leaf hashes travel here (32 bytes each), so that sequencing reads no event.
-- The table is nearly always empty: vacuum by count, not by share.
CREATE TABLE log.outbox (
    oid         bigserial NOT NULL,
    append_id   uuid      NOT NULL,
    events      integer   NOT NULL CHECK (events > 0),
    leaf_hashes bytea     NOT NULL CHECK (octet_length(leaf_hashes) = 32 * events),
    CONSTRAINT outbox_pkey PRIMARY KEY (oid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The order of the log: gapless, from 1.
CREATE TABLE log.commit (
    first_position bigint  NOT NULL CHECK (first_position > 0),
    events         integer NOT NULL CHECK (events > 0),
    append_id      uuid    NOT NULL,
    CONSTRAINT commit_pkey PRIMARY KEY (first_position),
    CONSTRAINT commit_append UNIQUE (append_id)
);

-- One row. Its lock is the fence between sequencers. `frontier` holds the roots of the complete subtrees of the Merkle
-- tree over the leaf hashes, largest first, 32 bytes each; `root` is the root over all of them.
CREATE TABLE log.head (
    one           boolean NOT NULL DEFAULT true CHECK (one),
    next_position bigint  NOT NULL CHECK (next_position > 0),
    root          bytea   NOT NULL CHECK (octet_length(root) = 32),
    frontier      bytea   NOT NULL CHECK (octet_length(frontier) % 32 = 0),
    CONSTRAINT head_pkey PRIMARY KEY (one)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The root of an empty tree is SHA-256 of nothing (RFC 6962).
INSERT INTO log.head (next_position, root, frontier) VALUES (1, sha256(''), '');
