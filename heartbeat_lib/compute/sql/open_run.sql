-- A run begins; its id comes back.
INSERT INTO heartbeat.run (kind, due, started, outcome, as_of, actor, notebook)
VALUES (%(kind)s, %(due)s, %(started)s, 'running', %(as_of)s, %(actor)s, %(notebook)s)
RETURNING run_id
