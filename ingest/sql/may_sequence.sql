-- Whether this login may sequence.
SELECT CASE WHEN NOT has_schema_privilege('log', 'USAGE') THEN false
            ELSE has_table_privilege('log.outbox', 'SELECT') AND has_table_privilege('log.outbox', 'DELETE')
             AND has_table_privilege('log.commit', 'INSERT') AND has_table_privilege('log.head', 'UPDATE')
             AND has_table_privilege('log.tile', 'INSERT') END AS "may!"
