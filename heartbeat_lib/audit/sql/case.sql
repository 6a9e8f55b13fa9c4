-- The metric under audit: one row of a living metric, or none. The registry's columns, what the tile shows, and what is normal for
-- it; a band of another meaning is none.
SELECT shown.*, band.benchmark_mean, band.benchmark_stddev, band.n AS benchmark_n
FROM heartbeat.metric_shown AS shown
LEFT JOIN heartbeat.metric_benchmark AS band
    ON band.metric_id = shown.metric_id AND band.definition_hash = shown.definition_hash AND shown.benchmark_kind = 'rolling_stat'
WHERE shown.metric_id = %(metric_id)s
