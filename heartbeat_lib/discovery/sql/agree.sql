-- Somebody agreed to a story as it reads: one row, for ever.
INSERT INTO heartbeat.candidate_alignment (candidate_id, story_hash, story, agreed_by, remark, written_by)
VALUES (%(candidate_id)s, %(story_hash)s, %(story)s::jsonb, %(agreed_by)s, %(remark)s, %(by)s)
