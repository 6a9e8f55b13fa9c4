-- Candidates with their story and draft, dropped ones too; those that live under their id as a metric are left out. One row each, the
-- newest change first. The agreement is of the story as it reads now.
SELECT candidate.*, agreed.agreed_by, agreed.at AS agreed_at, agreed.remark, agreed.written_by
FROM heartbeat.candidate AS candidate
LEFT JOIN heartbeat.candidate_alignment AS agreed USING (candidate_id, story_hash)
WHERE NOT EXISTS (SELECT FROM heartbeat.metric_registry AS living WHERE living.metric_id = candidate.candidate_id)
ORDER BY candidate.changed_at DESC, candidate.candidate_id
