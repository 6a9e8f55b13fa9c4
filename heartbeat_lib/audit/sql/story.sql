-- The money story of a metric that came out of a discovery: one row or none.
SELECT candidate.story
FROM heartbeat.candidate AS candidate
WHERE candidate.candidate_id = %(metric_id)s AND candidate.promoted_at IS NOT NULL
