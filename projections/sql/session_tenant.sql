-- Whose the session is.
SELECT log.current_tenant() AS "tenant!"
