-- The roles of a private server, made by its superuser: the one that the program logs in as, who owns the database and
-- is above no policy; the groups that `migrate --roles` grants rights to; and those above policies. Doing it again
-- changes nothing.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['atlas_appender', 'atlas_sequencer', 'atlas_projector', 'atlas_reader', 'atlas_auditor',
                                'atlas_auditor_all', 'atlas_backup', 'atlas_program']
    LOOP
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
    ALTER ROLE atlas_auditor_all BYPASSRLS;
    ALTER ROLE atlas_backup BYPASSRLS;
    ALTER ROLE atlas_program LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS;
    GRANT pg_read_all_data TO atlas_backup;
    -- To hand builds over, and to dump everything: there is nothing in such a server that is not the program's.
    GRANT atlas_projector, atlas_backup TO atlas_program;
END
$$;
