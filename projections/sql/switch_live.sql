INSERT INTO atlas.live (projection, build, switch) VALUES ($1, $2, $3)
ON CONFLICT (projection) DO UPDATE
SET build = excluded.build, former = atlas.live.build, switch = excluded.switch
