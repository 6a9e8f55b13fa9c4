-- When the tick that runs now was started.
SELECT started FROM heartbeat.run WHERE kind = 'tick' AND outcome = 'running' ORDER BY run_id DESC LIMIT 1
