-- The migrations that a database says it has.
SELECT version, checksum FROM public._sqlx_migrations WHERE success ORDER BY version
