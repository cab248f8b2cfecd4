SELECT current_setting('lock_timeout') AS "lock!", current_setting('statement_timeout') AS "statement!",
       current_setting('idle_in_transaction_session_timeout') AS "silence!"
