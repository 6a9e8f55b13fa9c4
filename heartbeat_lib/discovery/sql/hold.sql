-- One candidate, held until the end of the transaction, so that two changes of it come one after the other. One row or none.
SELECT candidate_id FROM heartbeat.candidate WHERE candidate_id = %(candidate_id)s FOR UPDATE
