-- Forgets names and handles of the contributor $1.
DELETE FROM atlas.person WHERE pseudonym = $1
