SELECT kind, id, reason FROM {graph}.finding ORDER BY kind, id, reason
