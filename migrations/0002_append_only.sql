-- What is written stays: no UPDATE, DELETE or TRUNCATE of events, appends, their order or the keys they were sent under.
--
-- One function answers for all four tables. It sees the old and the new row, so the one exception the law demands (a
-- payload is erased, its leaf stays) can be written here, in one place, by a later migration; there is none yet.

CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% refused: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Append a new event that corrects the earlier one.';
END;
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.event
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.append
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.commit
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.idempotency_key
    FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.event
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.append
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.commit
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON log.idempotency_key
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- Also under session_replication_role = replica, which silences ordinary triggers.
ALTER TABLE log.event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.append ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.commit ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.idempotency_key ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log.event ENABLE ALWAYS TRIGGER never_truncated;
ALTER TABLE log.append ENABLE ALWAYS TRIGGER never_truncated;
ALTER TABLE log.commit ENABLE ALWAYS TRIGGER never_truncated;
ALTER TABLE log.idempotency_key ENABLE ALWAYS TRIGGER never_truncated;
