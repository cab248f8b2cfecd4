-- Where the views of the session's tenant are, and whose they are.
SELECT atlas.views_schema() AS "schema!", log.current_tenant() AS "tenant!"
