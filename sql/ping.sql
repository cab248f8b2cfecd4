SELECT 1 AS "one!", current_setting('server_version') AS "server_version!", current_setting('fsync') AS "fsync!",
       current_setting('timezone') AS "timezone!"
