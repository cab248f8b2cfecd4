SELECT to_regclass('atlas.live') IS NOT NULL AS "migrated!"
