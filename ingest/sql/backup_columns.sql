-- The columns of a table that are stored as they are given.
SELECT attname::text AS "column!" FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
