-- What was computed: runs, every observation, the kept value of each period. Nothing here refers to the registry, because
-- the history of a retired metric stays for ever.

-- One row per tick, load, backfill, benchmark run, manual refresh or computing after a deploy. Instants in UTC.
CREATE TABLE heartbeat.run (
    run_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL CONSTRAINT run_kind_known CHECK (kind IN ('tick', 'load', 'backfill', 'benchmarks', 'manual', 'deploy')),
    due       timestamptz CONSTRAINT tick_has_due CHECK (kind <> 'tick' OR due IS NOT NULL),
    started   timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended     timestamptz,
    outcome   text NOT NULL DEFAULT 'running' CONSTRAINT run_outcome_known CHECK (outcome IN ('running', 'ok', 'failed', 'aborted')),
    as_of     timestamptz,
    actor     text,
    detail    jsonb,
    notebook  text,
    CONSTRAINT ended_unless_running CHECK ((ended IS NULL) = (outcome = 'running'))
);
-- A due time is finished once, however many clocks run.
CREATE UNIQUE INDEX one_finished_tick_per_due ON heartbeat.run (due) WHERE kind = 'tick' AND outcome = 'ok';
CREATE INDEX run_open ON heartbeat.run (run_id) WHERE outcome = 'running';

-- One row. Whoever holds it by SELECT ... FOR UPDATE is the running tick; it frees itself when the holder dies.
-- Only compute may lock it: an advisory lock could be held by any login.
CREATE TABLE heartbeat.clock (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT clock_has_one_row CHECK (only_row)
);
INSERT INTO heartbeat.clock DEFAULT VALUES;

-- Every computation ever, failures included; never changed. Grain: one computation.
CREATE TABLE heartbeat.metric_observation (
    observation_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_id        text NOT NULL,
    period           text NOT NULL CONSTRAINT observation_period_known CHECK (period IN ('hour', 'day', 'week', 'month', 'quarter', 'year')),
    period_start     timestamptz NOT NULL,
    as_of            timestamptz NOT NULL,
    value            numeric CONSTRAINT observation_value_finite CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    error_reason     text,
    error            text,
    source_as_of     timestamptz,
    definition_hash  text NOT NULL,
    origin           text NOT NULL CONSTRAINT observation_origin_known CHECK (origin IN ('tick', 'backfill', 'manual', 'audit')),
    run_id           bigint REFERENCES heartbeat.run,
    elapsed_ms       real,
    recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT failed_has_no_value CHECK (error_reason IS NULL OR value IS NULL)
);
CREATE INDEX metric_observation_period ON heartbeat.metric_observation (metric_id, period, period_start);
CREATE INDEX metric_observation_run ON heartbeat.metric_observation (run_id);

-- What each metric says of each period. A failure keeps value and computed_at, turns the row grey and moves attempted_at.
-- Grain: metric, kind of period, start of the period.
CREATE TABLE heartbeat.metric_history (
    metric_id        text NOT NULL,
    period           text NOT NULL CONSTRAINT history_period_known CHECK (period IN ('hour', 'day', 'week', 'month', 'quarter', 'year')),
    period_start     timestamptz NOT NULL,
    value            numeric CONSTRAINT history_value_finite CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    status           text NOT NULL CONSTRAINT status_known CHECK (status IN ('green', 'amber', 'red', 'grey')),
    status_reason    text CONSTRAINT status_reason_known CHECK (status_reason IN ('failed', 'no_value', 'no_threshold', 'stale')),
    as_of            timestamptz,
    computed_at      timestamptz,
    attempted_at     timestamptz NOT NULL,
    source_as_of     timestamptz,
    settled          boolean NOT NULL DEFAULT false,
    stale            boolean NOT NULL DEFAULT false,
    origin           text NOT NULL CONSTRAINT history_origin_known CHECK (origin IN ('tick', 'backfill', 'manual', 'audit')),
    definition_hash  text NOT NULL,
    norm_applied     numeric,
    alert_applied    numeric,
    error            text,
    PRIMARY KEY (metric_id, period, period_start),
    CONSTRAINT grey_has_reason CHECK ((status = 'grey') = (status_reason IS NOT NULL)),
    CONSTRAINT value_was_computed CHECK (value IS NULL OR computed_at IS NOT NULL)
);
-- The last settled row of a metric whose tile shows finished periods.
CREATE INDEX metric_history_settled ON heartbeat.metric_history (metric_id, period, period_start) WHERE settled;

CREATE TRIGGER metric_observation_append_only BEFORE UPDATE OR DELETE ON heartbeat.metric_observation
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_observation_append_only_truncate BEFORE TRUNCATE ON heartbeat.metric_observation
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
ALTER TABLE heartbeat.metric_observation ENABLE ALWAYS TRIGGER metric_observation_append_only;
ALTER TABLE heartbeat.metric_observation ENABLE ALWAYS TRIGGER metric_observation_append_only_truncate;

GRANT SELECT ON heartbeat.run, heartbeat.clock, heartbeat.metric_observation, heartbeat.metric_history
    TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT INSERT ON heartbeat.run, heartbeat.metric_observation, heartbeat.metric_history TO heartbeat_compute;
GRANT UPDATE (as_of, ended, outcome, detail, notebook) ON heartbeat.run TO heartbeat_compute;
-- By column: a row's key is not among them, so that no period can be moved to another metric or day.
GRANT UPDATE (value, status, status_reason, as_of, computed_at, attempted_at, source_as_of, settled, stale, origin,
              definition_hash, norm_applied, alert_applied, error) ON heartbeat.metric_history TO heartbeat_compute;
-- The right to lock the row.
GRANT UPDATE ON heartbeat.clock TO heartbeat_compute;
