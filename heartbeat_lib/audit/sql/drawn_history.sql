-- The last kept periods of one metric up to an instant, as the report draws them: one row per period, oldest first. Where finished
-- periods are judged only settled ones count; `same_meaning`: computed by the present value_sql.
SELECT last.period_start, last.value, last.status, last.same_meaning
FROM (
    SELECT kept.period_start, kept.value, kept.status, kept.definition_hash = living.definition_hash AS same_meaning
    FROM heartbeat.metric_registry AS living
    JOIN heartbeat.metric_history AS kept USING (metric_id, period)
    WHERE living.metric_id = %(metric_id)s AND (living.judge = 'running' OR kept.settled) AND kept.period_start <= %(as_of)s
    ORDER BY kept.period_start DESC
    LIMIT %(periods)s
) AS last
ORDER BY last.period_start
