-- The last values of each living metric, oldest first, one array per metric.
SELECT metric_id, coalesce(recent.recent, '{}') AS recent
FROM heartbeat.metric_registry AS living
CROSS JOIN LATERAL (
    SELECT array_agg(last.value::double precision ORDER BY last.period_start) AS recent
    FROM (
        SELECT value, period_start
        FROM heartbeat.metric_history AS kept
        WHERE kept.metric_id = living.metric_id AND kept.period = living.period
        ORDER BY period_start DESC
        LIMIT %(periods)s
    ) AS last
) AS recent
ORDER BY metric_id
