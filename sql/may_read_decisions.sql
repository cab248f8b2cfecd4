SELECT CASE WHEN has_schema_privilege('log', 'USAGE')
            THEN (SELECT bool_and(has_table_privilege(t, 'SELECT'))
                    FROM unnest(ARRAY['log.event', 'log.append', 'log.commit']) AS t)
            ELSE false END AS "readable!"
