SELECT pseudonym, name AS "name!" FROM atlas.person WHERE name IS NOT NULL AND pseudonym = ANY($1)
