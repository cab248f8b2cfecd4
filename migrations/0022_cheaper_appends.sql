-- The same rules at less cost. Of a CHECK the server keeps a tree as text, which every statement reads anew, and a
-- function in plain SQL becomes part of each plan that calls it, to be set up anew by every statement: that was most of
-- what these two cost an append.

-- As 0013 has it: what is no JSON raises, and a row of before stays as it is. Names are qualified instead of a
-- `search_path` for the function, which would be set and reset for every row.
CREATE FUNCTION log.metadata_is_bounded(metadata text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- As nearly all are: too short for a long name, with nothing in it that is an address or stands for one.
    IF pg_catalog.octet_length(metadata) OPERATOR(pg_catalog.<=) 256
       AND pg_catalog.strpos(metadata, '@') OPERATOR(pg_catalog.=) 0
       AND pg_catalog.strpos(metadata, E'\\') OPERATOR(pg_catalog.=) 0 THEN
        RETURN metadata::pg_catalog.json IS NOT NULL;
    END IF;
    RETURN pg_catalog.octet_length(metadata) OPERATOR(pg_catalog.<=) 4096
       AND coalesce(pg_catalog.octet_length(metadata::pg_catalog.json OPERATOR(pg_catalog.->>) 'actor'), 0)
           OPERATOR(pg_catalog.<=) 256
       AND coalesce(pg_catalog.octet_length(metadata::pg_catalog.json OPERATOR(pg_catalog.->>) 'tool'), 0)
           OPERATOR(pg_catalog.<=) 256
       -- Who appends is nobody's e-mail address: what the log hashes is there for ever.
       AND coalesce((metadata::pg_catalog.json OPERATOR(pg_catalog.->>) 'actor') COLLATE pg_catalog."C"
                    OPERATOR(pg_catalog.!~) '[^[:space:]@]@[^[:space:]@]*[.][A-Za-z]{2}', true);
END;
$$;
ALTER TABLE log.append DROP CONSTRAINT append_metadata,
    ADD CONSTRAINT append_metadata CHECK (log.metadata_is_bounded(metadata)) NOT VALID;

-- As 0019 has it. Still no SET and no SECURITY DEFINER: it is asked once for each reference to a table, and the rights
-- that count are the session's. To be called as (SELECT log.current_tenant()): once a statement, not once a row.
CREATE OR REPLACE FUNCTION log.current_tenant() RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    named pg_catalog.text := pg_catalog.current_setting('pg_atlas.tenant', true);
BEGIN
    IF named OPERATOR(pg_catalog.~) '^[1-9][0-9]*$'
       AND pg_catalog.has_schema_privilege(session_user, pg_catalog.to_regnamespace(
               pg_catalog.textcat('tenant_', named)), 'USAGE') THEN
        RETURN named::pg_catalog.int4;
    END IF;
    RETURN log.refuse_tenant(named);
END;
$$;
