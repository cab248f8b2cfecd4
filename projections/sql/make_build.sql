-- Registers a build and makes its schema, which the owner of the log does.
SELECT atlas.make_build($1, $2, $3, $4, $5, $6, $7) AS "id!"
