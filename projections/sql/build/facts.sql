SELECT kind, key, value FROM {build}.fact ORDER BY kind, key
