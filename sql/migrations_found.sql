SELECT max(version) AS found, count(*) FILTER (WHERE NOT success) AS "broken!" FROM public._sqlx_migrations
