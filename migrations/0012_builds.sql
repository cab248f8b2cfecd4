-- Builds are made and switched in sets, an interrupted one is resumed, and the manifest says what went in.
ALTER TABLE atlas.build
    -- The first build of the set it was made with.
    ADD COLUMN set_id   bigint,
    -- The manifest: events 1 to built_to went in, under log_root; null until it is complete.
    ADD COLUMN built_to bigint;
COMMENT ON COLUMN atlas.build.log_root IS 'Root of the log at built_to.';
COMMENT ON COLUMN atlas.build.code IS 'Version of the program, and the digest of the sources that fold and score.';

-- The switch that made a build live: those of the last one go back together.
ALTER TABLE atlas.live ADD COLUMN switch bigint NOT NULL DEFAULT 0;
