-- What rehearsing a living metric takes: one row or none.
SELECT period, direction FROM heartbeat.metric_registry WHERE metric_id = %(metric_id)s
