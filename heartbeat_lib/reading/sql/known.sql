-- Whether any metric, living or retired, has this id.
SELECT EXISTS (SELECT FROM heartbeat.metric_registry WHERE metric_id = %(metric_id)s)
    OR EXISTS (SELECT FROM heartbeat.metric_retirement WHERE metric_id = %(metric_id)s) AS known
