-- Retired ids that nothing living bears, as they read when they were retired the last time; one row each, by id.
SELECT DISTINCT ON (metric_id) metric_id, retired_at, retired_by, reason, successor, last_row
FROM heartbeat.metric_retirement AS retired
WHERE NOT EXISTS (SELECT FROM heartbeat.metric_registry AS living WHERE living.metric_id = retired.metric_id)
ORDER BY metric_id, retired_at DESC
