-- What is noted with the table $2 of the schema $1, and how many of the views $4 there are in the schema $3. By their
-- names alone, which takes no right to them.
SELECT (SELECT obj_description(c.oid, 'pg_class')
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2) AS mark,
       (SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = $3 AND c.relname = ANY($4) AND c.relkind = 'v') AS "views!"
