-- The last judged periods of one living metric's present grain, newest first; `total` counts all of them.
SELECT kept.period_start, CASE WHEN abs(kept.value) < 1e300 THEN round(kept.value, 300)::double precision END AS value, kept.status,
       kept.origin, kept.error, kept.definition_hash, count(*) OVER ()::integer AS total
FROM heartbeat.metric_registry AS living
JOIN heartbeat.metric_history AS kept USING (metric_id, period)
WHERE living.metric_id = %(metric_id)s AND (living.judge = 'running' OR kept.settled)
ORDER BY kept.period_start DESC
LIMIT %(periods)s
