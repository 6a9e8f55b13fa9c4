-- As of which instant the last finished tick computed.
SELECT coalesce(as_of, due) AS as_of FROM heartbeat.run WHERE kind = 'tick' AND outcome = 'ok' ORDER BY due DESC LIMIT 1
