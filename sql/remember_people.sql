INSERT INTO atlas.person (pseudonym, name, login) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])
ON CONFLICT (pseudonym) DO UPDATE SET name = excluded.name, login = coalesce(excluded.login, person.login)
