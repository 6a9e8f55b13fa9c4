-- What changes whenever the wall does, one row: the last decision or deploy, and the last pass that ended.
SELECT (SELECT max(change_id) FROM heartbeat.registry_change),
       (SELECT max(ended) FROM heartbeat.run),
       (SELECT max(run_id) FROM heartbeat.run)
