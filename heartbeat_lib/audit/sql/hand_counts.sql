-- What people counted of one metric, of whichever day: the newest count of each period, because a newer one replaces it. One row per
-- kind of period and period, the oldest first.
SELECT standing.period, standing.period_start, standing.value, standing.source, standing.actor
FROM (
    SELECT DISTINCT ON (period, period_start) period, period_start, value, source, actor
    FROM heartbeat.metric_hand_count
    WHERE metric_id = %(metric_id)s
    ORDER BY period, period_start, count_id DESC
) AS standing
ORDER BY standing.period_start, standing.period
