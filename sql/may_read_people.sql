-- A login that reads the log need not be one that reads names.
SELECT CASE WHEN has_schema_privilege('atlas', 'USAGE')
            THEN has_table_privilege('atlas.person', 'SELECT') ELSE false END AS "readable!"
