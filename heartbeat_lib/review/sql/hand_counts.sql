-- The counts of one metric that stand: the newest of each period. One row per period, oldest first.
SELECT DISTINCT ON (counted.period, counted.period_start)
       counted.metric_id, counted.period, counted.period_start, counted.value, counted.source, counted.actor, counted.proved, counted.via, counted.at
FROM heartbeat.metric_hand_count AS counted
WHERE counted.metric_id = %(metric_id)s
ORDER BY counted.period, counted.period_start, counted.count_id DESC
