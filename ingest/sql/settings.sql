SELECT name AS "name!", setting AS "setting!" FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'server_version')
ORDER BY name COLLATE "C"
