-- What may change of one candidate, all of it at once; whoever calls holds the row.
UPDATE heartbeat.candidate
SET topic = %(topic)s, changed_by = %(by)s, changed_at = clock_timestamp(), story = %(story)s::jsonb, story_hash = %(story_hash)s,
    column_meanings = %(column_meanings)s::jsonb, source_note = %(source_note)s, waits_for = %(waits_for)s::text[],
    draft = %(draft)s::jsonb, draft_story = %(draft_story)s,
    promoted_at = %(promoted_at)s, promoted_file = %(promoted_file)s, dropped_at = %(dropped_at)s, dropped_why = %(dropped_why)s
WHERE candidate_id = %(candidate_id)s
