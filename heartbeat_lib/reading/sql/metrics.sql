-- Living metrics, or one of them, with what their tile shows and what is normal for them, one row each, by id. A band of another
-- meaning is none.
SELECT shown.*, band.benchmark_mean, band.benchmark_stddev, band.n AS benchmark_n
FROM heartbeat.metric_shown AS shown
LEFT JOIN heartbeat.metric_benchmark AS band
    ON band.metric_id = shown.metric_id AND band.definition_hash = shown.definition_hash AND shown.benchmark_kind = 'rolling_stat'
WHERE %(metric_id)s::text IS NULL OR shown.metric_id = %(metric_id)s
ORDER BY metric_id
