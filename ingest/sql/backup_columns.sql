-- The columns of a table that are stored as they are given. Whose the rows are is not: they become those of who restores.
SELECT attname::text AS "column!" FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'tenant_id'
ORDER BY attnum
