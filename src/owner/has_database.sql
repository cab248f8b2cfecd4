SELECT datname FROM pg_database WHERE datname = 'pg_atlas';
