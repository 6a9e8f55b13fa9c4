-- The band of every living metric that wants one, from its own settled rows before the period on show; bands of others go.
-- Grain: one row with how many bands stand now and how many of them are shown. Written in the metrics' order, so that two runs
-- at the same time wait for each other and never in a circle.
WITH gone AS (
    DELETE FROM heartbeat.metric_benchmark AS band
    WHERE NOT EXISTS (
        SELECT FROM heartbeat.metric_registry AS living
        WHERE living.metric_id = band.metric_id AND living.benchmark_kind = 'rolling_stat')
), anchored AS (
    SELECT living.metric_id, living.period, living.definition_hash, coalesce(shown.period_start, %(now)s) AS window_end
    FROM heartbeat.metric_registry AS living
    LEFT JOIN LATERAL heartbeat.shown(living.metric_id, living.period, living.judge) AS shown ON true
    WHERE living.benchmark_kind = 'rolling_stat'
), windowed AS (
    -- Spans are taken off the wall clock of the zone, where days have 23, 24 or 25 hours. A day whose midnight was skipped counts
    -- from midnight; a midnight that came twice began its day the first time, where PostgreSQL takes the second.
    -- OFFSET 0: the few calls on zones are made once per metric, and not wherever their answer is used.
    SELECT anchored.*,
           CASE WHEN (wall_start AT TIME ZONE %(zone)s - interval '1 hour') AT TIME ZONE %(zone)s = wall_start
                THEN wall_start AT TIME ZONE %(zone)s - interval '1 hour'
                ELSE wall_start AT TIME ZONE %(zone)s END AS window_start
    FROM anchored
    CROSS JOIN LATERAL (
        SELECT date_trunc(CASE period WHEN 'hour' THEN 'hour' ELSE 'day' END, window_end AT TIME ZONE %(zone)s)
            - CASE period
                  WHEN 'hour' THEN interval '30 days' WHEN 'day' THEN interval '30 days' WHEN 'week' THEN interval '26 weeks'
                  WHEN 'month' THEN interval '24 months' WHEN 'quarter' THEN interval '72 months' ELSE interval '24 years'
              END AS wall_start
        OFFSET 0
    ) AS wall_clock
    OFFSET 0
), bands AS (
    INSERT INTO heartbeat.metric_benchmark AS band
        (metric_id, benchmark_mean, benchmark_stddev, n, window_start, window_end, definition_hash, computed_at)
    SELECT windowed.metric_id, CASE WHEN past.n >= 7 THEN past.mean END, CASE WHEN past.n >= 7 THEN past.deviation END,
           past.n, windowed.window_start, windowed.window_end, windowed.definition_hash, %(now)s
    FROM windowed
    CROSS JOIN LATERAL (
        -- numeric and exact: an offset of a billion leaves the deviation alone.
        SELECT count(kept.value)::integer AS n, avg(kept.value) AS mean, stddev_samp(kept.value) AS deviation
        FROM heartbeat.metric_history AS kept
        WHERE kept.metric_id = windowed.metric_id AND kept.period = windowed.period
          AND kept.period_start >= windowed.window_start AND kept.period_start < windowed.window_end
          AND kept.settled AND kept.definition_hash = windowed.definition_hash
    ) AS past
    ORDER BY windowed.metric_id
    ON CONFLICT (metric_id) DO UPDATE SET
        benchmark_mean = excluded.benchmark_mean, benchmark_stddev = excluded.benchmark_stddev, n = excluded.n,
        window_start = excluded.window_start, window_end = excluded.window_end,
        definition_hash = excluded.definition_hash, computed_at = excluded.computed_at
    RETURNING benchmark_mean IS NOT NULL AS shown
)
SELECT count(*) AS metrics, count(*) FILTER (WHERE shown) AS shown FROM bands
