-- A run ends, in the transaction that writes what it found.
UPDATE heartbeat.run
SET ended = %(ended)s, outcome = %(outcome)s, detail = %(detail)s::jsonb, as_of = coalesce(%(as_of)s, as_of)
WHERE run_id = %(run_id)s
