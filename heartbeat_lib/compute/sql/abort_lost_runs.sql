-- Closes runs whose process is gone: a living one holds the lock of its row.
WITH lost AS (
    SELECT run_id FROM heartbeat.run WHERE outcome = 'running' FOR UPDATE SKIP LOCKED
)
UPDATE heartbeat.run SET outcome = 'aborted', ended = clock_timestamp() FROM lost WHERE run.run_id = lost.run_id
