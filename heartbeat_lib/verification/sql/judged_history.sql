-- The kept values of one living metric, of its present grain and meaning, judged by thresholds that somebody thinks of. Oldest
-- first; nothing is written.
SELECT kept.period_start, kept.value, judged.status
FROM heartbeat.metric_registry AS living
JOIN heartbeat.metric_history AS kept USING (metric_id, period, definition_hash)
CROSS JOIN LATERAL heartbeat.judge(kept.value, %(direction)s, %(norm)s, %(alert)s, false, kept.stale) AS judged
WHERE living.metric_id = %(metric_id)s AND kept.value IS NOT NULL
ORDER BY kept.period_start
