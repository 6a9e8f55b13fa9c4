-- Living metrics, one row each, by id: what computing takes.
SELECT metric_id, period, value_sql, sources, definition_hash, created_at
FROM heartbeat.metric_registry
ORDER BY metric_id
