SELECT to_regclass('public._sqlx_migrations') IS NOT NULL AS "there!"
