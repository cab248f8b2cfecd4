-- Whether another payload than that of append $1, index $2 mentions the digest $3.
SELECT EXISTS (SELECT FROM log.event
                WHERE tenant_id = (SELECT log.current_tenant())
                  AND (append_id, idx) <> ($1, $2) AND position(convert_to($3, 'UTF8') IN payload) > 0) AS "named!"
