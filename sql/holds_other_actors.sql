SELECT EXISTS (SELECT FROM log.append
                WHERE tenant_id = (SELECT log.current_tenant()) AND metadata::json ->> 'actor' <> $1) AS "others!"
