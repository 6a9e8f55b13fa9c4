-- What people counted of one metric, of whichever day: period and value, who, from which report. The oldest period first.
SELECT period, period_start, value, source, actor, at
FROM heartbeat.metric_hand_count
WHERE metric_id = %(metric_id)s
ORDER BY period_start, at
