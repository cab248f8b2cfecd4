-- A batch makes the rows of new streams before it knows whether they get an event, so that there is a row to lock, and
-- takes back those that got none. Whoever appends may do that and delete nothing else: a stream with events stays, also
-- when the caller asks for it. Runs with the rights of the schema's owner.
CREATE FUNCTION log.discard_unused(kinds text[], ids text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM log.stream AS s USING unnest(kinds, ids) AS w (kind, id)
    WHERE s.kind = w.kind AND s.id = w.id AND s.version = 0;
$$;

REVOKE ALL ON FUNCTION log.discard_unused(text[], text[]) FROM PUBLIC;
