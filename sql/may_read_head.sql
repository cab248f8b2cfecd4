-- A login that reads the live tables need not be one that reads the log.
SELECT CASE WHEN has_schema_privilege('log', 'USAGE')
            THEN has_table_privilege('log.head', 'SELECT') ELSE false END AS "readable!"
