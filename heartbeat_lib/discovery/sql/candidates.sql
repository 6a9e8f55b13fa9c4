-- Every candidate, or one: one row each, the newest change first. alignment: who agreed to the story as it reads now, or null.
-- draft is text, so that no digit of it is lost.
SELECT candidate.candidate_id, candidate.topic, candidate.opened_by, candidate.opened_at, candidate.changed_by, candidate.changed_at,
       candidate.story, candidate.story_hash, candidate.column_meanings, candidate.source_note, candidate.waits_for,
       candidate.draft::text AS draft, candidate.draft_story, candidate.promoted_at, candidate.promoted_file, candidate.dropped_at,
       candidate.dropped_why,
       CASE WHEN agreed.candidate_id IS NOT NULL THEN jsonb_build_object(
           'agreed_by', agreed.agreed_by, 'at', agreed.at, 'remark', agreed.remark, 'written_by', agreed.written_by) END AS alignment
FROM heartbeat.candidate AS candidate
LEFT JOIN heartbeat.candidate_alignment AS agreed
    ON agreed.candidate_id = candidate.candidate_id AND agreed.story_hash = candidate.story_hash
WHERE %(candidate_id)s::text IS NULL OR candidate.candidate_id = %(candidate_id)s
ORDER BY candidate.changed_at DESC, candidate.candidate_id
