-- The last time that anybody agreed to some story of a candidate: one row or none.
SELECT agreed_by, at
FROM heartbeat.candidate_alignment
WHERE candidate_id = %(candidate_id)s
ORDER BY at DESC
LIMIT 1
