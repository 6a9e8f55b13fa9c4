-- The last kept periods of one living metric, of its present grain and meaning, judged by thresholds that somebody thinks of.
-- Newest first; `periods` null: all; `as_judged`: only those that the tile would judge, settled ones where finished periods are.
-- Nothing is written.
SELECT kept.period_start, kept.value, judged.status
FROM heartbeat.metric_registry AS living
JOIN heartbeat.metric_history AS kept USING (metric_id, period, definition_hash)
CROSS JOIN LATERAL heartbeat.judge(kept.value, %(direction)s, %(norm)s, %(alert)s, false, kept.stale) AS judged
WHERE living.metric_id = %(metric_id)s AND (NOT %(as_judged)s OR living.judge = 'running' OR kept.settled)
ORDER BY kept.period_start DESC
LIMIT %(periods)s
