-- How one metric was retired, the latest time first.
SELECT metric_id, retired_at, retired_by, successor
FROM heartbeat.metric_retirement
WHERE metric_id = %(metric_id)s
ORDER BY retired_at DESC
