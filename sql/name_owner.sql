-- Until the end of the transaction: what is to be given ($2) to whom ($1). One at a time, who looks for a deadlock long
-- before others do: whoever looks first is the one that the server ends.
SELECT set_config('pg_atlas.owner', $1, true) AS owner, set_config('pg_atlas.owner_of', $2, true) AS given,
       set_config('deadlock_timeout', '10ms', true) AS looks, pg_advisory_xact_lock($3) AS lock
