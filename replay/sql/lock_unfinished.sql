SELECT id FROM atlas.build WHERE status IN ('building', 'shadow') ORDER BY id FOR UPDATE
