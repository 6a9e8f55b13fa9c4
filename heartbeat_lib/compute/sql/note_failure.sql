-- A run that failed before it could open one: written whole, unless the run with this notebook says so itself.
INSERT INTO heartbeat.run (kind, due, started, ended, outcome, actor, notebook, detail)
SELECT %(kind)s, %(due)s, %(now)s, %(now)s, 'failed', %(actor)s, %(notebook)s, jsonb_build_object('error', %(error)s::text)
WHERE NOT EXISTS (SELECT FROM heartbeat.run WHERE kind = %(kind)s AND due = %(due)s AND notebook = %(notebook)s)
