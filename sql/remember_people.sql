INSERT INTO atlas.person (tenant_id, pseudonym, name, login)
SELECT log.current_tenant(), * FROM unnest($1::bytea[], $2::text[], $3::text[])
ON CONFLICT (tenant_id, pseudonym) DO UPDATE SET name = excluded.name, login = coalesce(excluded.login, person.login)
