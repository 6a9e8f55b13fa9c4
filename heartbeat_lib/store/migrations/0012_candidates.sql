-- Stage 1: metrics under discovery. An analyst writes here as the operator; nothing of it is in the registry, nothing judges by it.

-- Whether a text is one plain mail address: what the registry takes for an owner.
CREATE FUNCTION heartbeat.is_address(address pg_catalog.text) RETURNS pg_catalog.bool
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.length(address) OPERATOR(pg_catalog.<=) 254 AND pg_catalog.strpos(address, '=?') OPERATOR(pg_catalog.=) 0
    AND address OPERATOR(pg_catalog.~) '^[^][\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff,;:"''`<>()\\@]+@[^][\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff,;:"''`<>()\\@]+$';

-- One row per candidate, whatever became of it: a dropped one says why, a promoted one which file it became.
-- story: what the analyst wrote, key by key; story_hash names that very text. column_meanings: "schema.table.column" -> what the
-- analyst takes it to mean. waits_for: tables ("schema.table") without which there is nothing to draft; it is parked while one of
-- them has no rows. draft: the SQL with its value, past and verdicts; draft_story: the story that it was drafted for.
CREATE TABLE heartbeat.candidate (
    candidate_id     text PRIMARY KEY CONSTRAINT candidate_id_form CHECK (candidate_id ~ '^[a-z][a-z0-9_]{2,62}$'),
    topic            text CONSTRAINT topic_present CHECK (topic ~ '\S'),
    opened_by        text NOT NULL CONSTRAINT opened_by_present CHECK (opened_by ~ '\S'),
    opened_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by       text NOT NULL CONSTRAINT candidate_changed_by_present CHECK (changed_by ~ '\S'),
    changed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    story            jsonb CONSTRAINT story_form CHECK (jsonb_typeof(story) = 'object'),
    story_hash       text CONSTRAINT story_hash_present CHECK (story_hash ~ '\S'),
    column_meanings  jsonb NOT NULL DEFAULT '{}' CONSTRAINT column_meanings_form CHECK (jsonb_typeof(column_meanings) = 'object'),
    source_note      text CONSTRAINT source_note_present CHECK (source_note ~ '\S'),
    waits_for        text[] NOT NULL DEFAULT '{}' CONSTRAINT waits_for_named
                     CHECK (array_position(waits_for, NULL) IS NULL AND '' <> ALL (waits_for)),
    draft            jsonb CONSTRAINT draft_form CHECK (jsonb_typeof(draft) = 'object'),
    draft_story      text,
    promoted_at      timestamptz,
    promoted_file    text,
    dropped_at       timestamptz,
    dropped_why      text,
    CONSTRAINT story_has_hash CHECK ((story IS NULL) = (story_hash IS NULL)),
    CONSTRAINT draft_has_story CHECK ((draft IS NULL) = (draft_story IS NULL)),
    CONSTRAINT promoted_whole CHECK ((promoted_at IS NULL) = (promoted_file IS NULL)),
    CONSTRAINT promoted_or_dropped CHECK (promoted_at IS NULL OR dropped_at IS NULL),
    CONSTRAINT dropped_has_time CHECK (dropped_why IS NULL OR dropped_at IS NOT NULL)
);

-- One row per story that somebody agreed to, word for word. Nobody changes or removes one; a story written anew needs a new one.
CREATE TABLE heartbeat.candidate_alignment (
    candidate_id   text NOT NULL REFERENCES heartbeat.candidate,
    story_hash     text NOT NULL,
    story          jsonb NOT NULL,
    agreed_by      text NOT NULL CONSTRAINT agreed_by_form CHECK (heartbeat.is_address(agreed_by)),
    remark         text NOT NULL CONSTRAINT remark_present CHECK (remark ~ '\S'),
    written_by     text NOT NULL CONSTRAINT alignment_written_by_present CHECK (written_by ~ '\S'),
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    session_login  text NOT NULL DEFAULT session_user,
    PRIMARY KEY (candidate_id, story_hash)
);

-- Story first, SQL last, whichever door writes: there is no draft for a story that nobody agreed to.
ALTER TABLE heartbeat.candidate ADD CONSTRAINT draft_needs_alignment
    FOREIGN KEY (candidate_id, draft_story) REFERENCES heartbeat.candidate_alignment (candidate_id, story_hash);

CREATE TRIGGER candidate_alignment_append_only BEFORE UPDATE OR DELETE ON heartbeat.candidate_alignment
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER candidate_alignment_append_only_truncate BEFORE TRUNCATE ON heartbeat.candidate_alignment
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
ALTER TABLE heartbeat.candidate_alignment ENABLE ALWAYS TRIGGER candidate_alignment_append_only;
ALTER TABLE heartbeat.candidate_alignment ENABLE ALWAYS TRIGGER candidate_alignment_append_only_truncate;

REVOKE ALL ON FUNCTION heartbeat.is_address(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.is_address(text) TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT SELECT ON heartbeat.candidate, heartbeat.candidate_alignment
    TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT INSERT (candidate_id, topic, opened_by, changed_by) ON heartbeat.candidate TO heartbeat_operator;
GRANT UPDATE (topic, changed_by, changed_at, story, story_hash, column_meanings, source_note, waits_for, draft, draft_story,
              promoted_at, promoted_file, dropped_at, dropped_why) ON heartbeat.candidate TO heartbeat_operator;
GRANT INSERT (candidate_id, story_hash, story, agreed_by, remark, written_by) ON heartbeat.candidate_alignment TO heartbeat_operator;
