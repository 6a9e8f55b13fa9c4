-- The sign of life of a running run.
SELECT 1 FROM heartbeat.run WHERE run_id = %(run_id)s FOR UPDATE
