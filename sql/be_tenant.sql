-- Until the end of the transaction this session is of the tenant $1.
SELECT set_config('pg_atlas.tenant', $1, true)
