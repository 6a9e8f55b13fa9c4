-- The period on show, chosen in one place; periods that still wait for their final value; what is known of each source.

-- The row that a living metric's tile shows, or none: the latest of its present grain, and where finished periods are judged
-- the latest settled one. List, API, cockpit, benchmarks and the judging of changed thresholds all ask here. PostgreSQL
-- unfolds a function of this form into the query that calls it, so it costs nothing.
CREATE FUNCTION heartbeat.shown(metric_id text, period text, judge text) RETURNS SETOF heartbeat.metric_history
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT kept.*
    FROM heartbeat.metric_history AS kept
    WHERE kept.metric_id = shown.metric_id AND kept.period = shown.period AND (shown.judge = 'running' OR kept.settled)
    ORDER BY kept.period_start DESC
    LIMIT 1;
END;

CREATE OR REPLACE VIEW heartbeat.metric_shown WITH (security_invoker = true) AS
SELECT
    living.*,
    shown.value,
    coalesce(shown.status, 'grey') AS status,
    CASE WHEN shown.status IS NULL THEN 'no_value' ELSE shown.status_reason END AS status_reason,
    shown.period_start,
    shown.computed_at,
    shown.attempted_at,
    shown.source_as_of,
    shown.error,
    coalesce(shown.settled, false) AS settled,
    coalesce(shown.stale, false) AS stale,
    shown.definition_hash AS shown_definition_hash
FROM heartbeat.metric_registry AS living
LEFT JOIN LATERAL heartbeat.shown(living.metric_id, living.period, living.judge) AS shown ON true;

-- Rows that a tick has to come back to: without their final value, or with a failed attempt at it. A handful per metric.
CREATE INDEX metric_history_open ON heartbeat.metric_history (metric_id, period, period_start)
    WHERE (NOT settled OR error IS NOT NULL) AND origin IN ('tick', 'manual');

-- What ticks know of each source schema. `loads`: ends of the last loads that brought rows, oldest first, at most 20;
-- `usual_rhythm`: the median span between them; `failed_loads`: how many failed since one worked; `max_age`: the promise in
-- heartbeat.toml; `seen_at`: the tick that wrote this.
CREATE TABLE heartbeat.source_state (
    source_schema  text PRIMARY KEY,
    last_load      timestamptz,
    loads          timestamptz[] NOT NULL DEFAULT '{}' CONSTRAINT loads_bounded CHECK (cardinality(loads) <= 20),
    usual_rhythm   interval,
    failed_loads   integer NOT NULL DEFAULT 0 CONSTRAINT failed_loads_counted CHECK (failed_loads >= 0),
    last_error     text,
    max_age        interval,
    seen_at        timestamptz NOT NULL
);

-- A benchmark run that was due is finished once too, however many clocks run.
CREATE UNIQUE INDEX one_finished_benchmark_run_per_due ON heartbeat.run (due) WHERE kind = 'benchmarks' AND outcome = 'ok';

REVOKE ALL ON FUNCTION heartbeat.shown(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.shown(text, text, text)
    TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT SELECT ON heartbeat.source_state TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT INSERT ON heartbeat.source_state TO heartbeat_compute;
GRANT UPDATE (last_load, loads, usual_rhythm, failed_loads, last_error, max_age, seen_at) ON heartbeat.source_state TO heartbeat_compute;
