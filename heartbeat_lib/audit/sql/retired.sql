-- How one metric was retired, the latest time; one row or none.
SELECT retired_at, retired_by, successor
FROM heartbeat.metric_retirement
WHERE metric_id = %(metric_id)s
ORDER BY retired_at DESC
LIMIT 1
