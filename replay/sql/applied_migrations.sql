-- The migrations that a database says it has, and whether each came to its end.
SELECT version, checksum, success FROM public._sqlx_migrations ORDER BY version
