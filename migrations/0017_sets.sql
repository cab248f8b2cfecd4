-- Families of projections belong to sets. The live builds of a set stand at one position, its cursor, which one
-- projector moves; sets move apart from each other. Which families there are is the program's to say.
ALTER TABLE atlas.build
    ADD COLUMN family_set text COLLATE "C" NOT NULL DEFAULT 'atlas',
    DROP CONSTRAINT build_projection_check;
COMMENT ON COLUMN atlas.build.family_set IS 'The set of families that the build moves with.';
COMMENT ON COLUMN atlas.build.code IS
    'Family and version, which decide; then program and digest of its sources, which inform.';
