INSERT INTO atlas.live (tenant_id, projection, build, switch) VALUES (log.current_tenant(), $1, $2, $3)
ON CONFLICT (tenant_id, projection) DO UPDATE
SET build = excluded.build, former = atlas.live.build, switch = excluded.switch
