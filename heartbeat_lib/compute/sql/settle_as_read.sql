-- Ended periods of metrics without a clock: the last value read while the period was open is its final one, judged now.
-- Nothing is computed, so nothing is observed.
UPDATE heartbeat.metric_history AS kept
SET settled = true, error = NULL, status = judged.status, status_reason = judged.status_reason,
    norm_applied = living.norm_value, alert_applied = living.alert_value
FROM unnest(%(ids)s::text[], %(starts)s::timestamptz[]) AS ended (metric_id, period_start),
    heartbeat.metric_registry AS living,
    heartbeat.metric_history AS read,
    heartbeat.judge(read.value, living.direction, living.norm_value, living.alert_value, false, read.stale) AS judged
WHERE living.metric_id = ended.metric_id
  AND (read.metric_id, read.period, read.period_start) = (ended.metric_id, living.period, ended.period_start)
  AND (kept.metric_id, kept.period, kept.period_start) = (read.metric_id, read.period, read.period_start)
