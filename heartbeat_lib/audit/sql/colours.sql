-- How the last judged periods of one living metric's present meaning read by the thresholds in force: one row with the number of
-- periods of each colour. Where finished periods are judged, only settled ones; nothing after the audited instant.
SELECT count(*) FILTER (WHERE judged.status = 'green') AS green,
       count(*) FILTER (WHERE judged.status = 'amber') AS amber,
       count(*) FILTER (WHERE judged.status = 'red') AS red,
       count(*) FILTER (WHERE judged.status = 'grey') AS grey
FROM (
    SELECT kept.value, kept.stale, living.direction, living.norm_value, living.alert_value
    FROM heartbeat.metric_registry AS living
    JOIN heartbeat.metric_history AS kept USING (metric_id, period, definition_hash)
    WHERE living.metric_id = %(metric_id)s AND (living.judge = 'running' OR kept.settled) AND kept.period_start <= %(as_of)s
    ORDER BY kept.period_start DESC
    LIMIT %(periods)s
) AS last
CROSS JOIN LATERAL heartbeat.judge(last.value, last.direction, last.norm_value, last.alert_value, false, last.stale) AS judged
