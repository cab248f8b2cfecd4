-- From here on a statement of this session may take $1.
SELECT set_config('statement_timeout', $1, false)
