SELECT EXISTS (SELECT FROM log.append WHERE metadata::json ->> 'actor' <> $1) AS "others!"
