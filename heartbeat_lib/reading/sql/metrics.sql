-- Living metrics with what their tile shows, one row each, by id. The typical band follows with the benchmarks.
SELECT shown.*, NULL::numeric AS benchmark_mean, NULL::numeric AS benchmark_stddev
FROM heartbeat.metric_shown AS shown
ORDER BY metric_id
