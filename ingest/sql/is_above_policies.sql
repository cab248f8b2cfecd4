SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND rolbypassrls) AS "above!"
