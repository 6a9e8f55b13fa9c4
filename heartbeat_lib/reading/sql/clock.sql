-- The one clock: when the last finished tick was due, and whether one runs now. A running tick holds the row of
-- heartbeat.clock, and everybody may see who holds locks; a row that says `running` may be of a process that is gone.
SELECT (SELECT max(due) FROM heartbeat.run WHERE kind = 'tick' AND outcome = 'ok') AS last_due,
       EXISTS (
           SELECT FROM pg_catalog.pg_locks AS held
           JOIN pg_catalog.pg_database AS here ON here.oid = held.database AND here.datname = current_database()
           WHERE held.relation = 'heartbeat.clock'::regclass AND held.mode = 'RowShareLock' AND held.granted
       ) AS running
