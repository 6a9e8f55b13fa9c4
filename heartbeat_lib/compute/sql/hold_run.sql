-- The sign of life of a running run. It hinders nobody who writes rows that refer to the run, such as the kernel of an audit.
SELECT 1 FROM heartbeat.run WHERE run_id = %(run_id)s FOR NO KEY UPDATE
