-- The one clock: held by the running tick until its transaction or its process ends.
SELECT 1 FROM heartbeat.clock FOR UPDATE NOWAIT
