-- Living metrics, or one of them, with what their tile shows, what is normal for them and their last 90 periods as columns of
-- equal length, oldest first; one row each, by id. A band of another meaning is none. Where finished periods are judged the last
-- of the 90 is the one on show.
SELECT shown.*, band.benchmark_mean, band.benchmark_stddev, band.n AS benchmark_n, course.*,
       EXISTS (
           SELECT FROM heartbeat.metric_audit AS audit
           WHERE audit.metric_id = shown.metric_id AND audit.definition_hash = shown.definition_hash
       ) AS audited
FROM heartbeat.metric_shown AS shown
LEFT JOIN heartbeat.metric_benchmark AS band
    ON band.metric_id = shown.metric_id AND band.definition_hash = shown.definition_hash AND shown.benchmark_kind = 'rolling_stat'
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(last.value ORDER BY last.period_start), '{}') AS course_values,
           coalesce(array_agg(last.definition_hash = shown.definition_hash ORDER BY last.period_start), '{}') AS course_same_meaning,
           coalesce(array_agg(last.error IS NOT NULL ORDER BY last.period_start), '{}') AS course_failed
    FROM (
        SELECT value, definition_hash, error, period_start
        FROM heartbeat.metric_history AS kept
        WHERE kept.metric_id = shown.metric_id AND kept.period = shown.period AND (shown.judge = 'running' OR kept.settled)
        ORDER BY period_start DESC
        LIMIT 90
    ) AS last
) AS course
WHERE %(metric_id)s::text IS NULL OR shown.metric_id = %(metric_id)s
ORDER BY metric_id
