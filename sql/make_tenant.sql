SELECT log.make_tenant($1) AS "number!"
