-- The typical band of each living metric: mean and sample deviation of its own settled history, from 7 values on. It informs
-- and never judges: nothing refers to it, and who writes it has no right on the registry beyond reading.

-- One row per living metric that wants a band. mean and stddev are in the metric's unit; n counts the values of the window
-- [window_start, window_end), which ends where the shown period begins; definition_hash is the meaning they were made with.
-- fillfactor: every run rewrites every row, and with room on its page a row moves without touching the index.
CREATE TABLE heartbeat.metric_benchmark (
    metric_id         text PRIMARY KEY,
    benchmark_mean    numeric CONSTRAINT benchmark_mean_finite CHECK (benchmark_mean NOT IN ('NaN', 'Infinity', '-Infinity')),
    benchmark_stddev  numeric CONSTRAINT benchmark_stddev_finite CHECK (benchmark_stddev NOT IN ('NaN', 'Infinity', '-Infinity'))
                      CONSTRAINT benchmark_stddev_not_negative CHECK (benchmark_stddev >= 0),
    n                 integer NOT NULL CONSTRAINT n_not_negative CHECK (n >= 0),
    window_start      timestamptz NOT NULL,
    window_end        timestamptz NOT NULL,
    definition_hash   text NOT NULL,
    computed_at       timestamptz NOT NULL,
    CONSTRAINT shown_from_seven_values_on CHECK ((benchmark_mean IS NOT NULL) = (n >= 7) AND (benchmark_stddev IS NOT NULL) = (n >= 7)),
    CONSTRAINT window_ends_after_it_starts CHECK (window_start < window_end)
) WITH (fillfactor = 45);

GRANT SELECT ON heartbeat.metric_benchmark TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT INSERT, DELETE ON heartbeat.metric_benchmark TO heartbeat_compute;
-- By column: no band moves to another metric.
GRANT UPDATE (benchmark_mean, benchmark_stddev, n, window_start, window_end, definition_hash, computed_at)
    ON heartbeat.metric_benchmark TO heartbeat_compute;
