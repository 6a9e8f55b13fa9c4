-- A new candidate: one row with its id, or none where the id is taken by another candidate.
INSERT INTO heartbeat.candidate (candidate_id, topic, opened_by, changed_by)
VALUES (%(candidate_id)s, %(topic)s, %(by)s, %(by)s)
ON CONFLICT (candidate_id) DO NOTHING
RETURNING candidate_id
