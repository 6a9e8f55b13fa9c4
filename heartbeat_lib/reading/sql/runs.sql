-- The last runs, newest first.
SELECT run_id AS run, kind, due, started, ended, outcome, as_of, actor, notebook, detail
FROM heartbeat.run
ORDER BY run_id DESC
LIMIT %(limit)s
