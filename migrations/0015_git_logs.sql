-- The first and the latest git log that still have a payload, at once: they say under which key contributors are
-- pseudonyms. Small, for git logs are few among the events; the erased ones fall out of it.
CREATE INDEX event_git_log ON log.event (append_id, idx)
    WHERE type = 'GitLogObserved' AND octet_length(payload) > 0;
