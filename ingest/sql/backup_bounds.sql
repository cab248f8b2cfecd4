-- Constraints that hold for new rows alone, as statements that lift them and that put them back.
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS "lift!",
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS "hold!"
FROM pg_constraint
WHERE NOT convalidated AND contype = 'c' AND connamespace IN ('log'::regnamespace, 'atlas'::regnamespace)
ORDER BY conrelid, conname
