-- One metric's kept periods, oldest first.
SELECT metric_id, period, period_start, value, status, status_reason, as_of, computed_at, attempted_at, source_as_of, settled,
       stale, origin, definition_hash, norm_applied, alert_applied, error
FROM heartbeat.metric_history
WHERE metric_id = %(metric_id)s
ORDER BY period_start, period
