SELECT append_id, first_position FROM log.commit WHERE append_id = ANY($1)
