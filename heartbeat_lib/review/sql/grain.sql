-- What kind of period a living metric is judged by: one row or none.
SELECT period FROM heartbeat.metric_registry WHERE metric_id = %(metric_id)s
