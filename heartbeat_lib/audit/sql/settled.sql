-- The last settled periods of one living metric, of its present grain and meaning, that began by the audited instant; a period whose
-- last attempt failed keeps its value and is among them. Oldest first.
SELECT last.period_start, last.value, last.stale, last.status
FROM (
    SELECT kept.period_start, kept.value, kept.stale, kept.status
    FROM heartbeat.metric_registry AS living
    JOIN heartbeat.metric_history AS kept USING (metric_id, period, definition_hash)
    WHERE living.metric_id = %(metric_id)s AND kept.settled AND kept.period_start <= %(as_of)s
    ORDER BY kept.period_start DESC
    LIMIT %(periods)s
) AS last
ORDER BY last.period_start
