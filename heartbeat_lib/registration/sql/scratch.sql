-- The scratch registry: what a metric file may write, under the same checks as the real table, and nothing else.
-- One row at most survives a file, and it is read and rolled back. `sources` is text, which takes 'a.b, c.d' and an array.
CREATE SCHEMA heartbeat;

CREATE TABLE heartbeat.metric_registry (
    metric_id        text PRIMARY KEY CONSTRAINT metric_id_form CHECK (metric_id ~ '^[a-z][a-z0-9_]{2,62}$'),
    code             text CONSTRAINT code_form CHECK (code ~ '^[A-Z0-9]{4}$'),
    name             text,
    period           text CONSTRAINT period_known CHECK (period IN ('hour', 'day', 'week', 'month', 'quarter', 'year')),
    value_sql        text,
    description      text,
    sources          text,
    how_to_read      text,
    methodology      text,
    unit             text,
    direction        text CONSTRAINT direction_known CHECK (direction IN ('higher_is_worse', 'lower_is_worse')),
    judge            text DEFAULT 'running' CONSTRAINT judge_known CHECK (judge IN ('running', 'closed')),
    benchmark_kind   text DEFAULT 'rolling_stat' CONSTRAINT benchmark_kind_known CHECK (benchmark_kind IN ('rolling_stat', 'none')),
    cross_check_sql  text,
    notes            text,
    replaces         text,
    alert_after      integer DEFAULT 1 CONSTRAINT alert_after_positive CHECK (alert_after >= 1),
    recover_after    integer DEFAULT 1 CONSTRAINT recover_after_positive CHECK (recover_after >= 1),
    norm_value       numeric CONSTRAINT norm_value_finite CHECK (norm_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    alert_value      numeric CONSTRAINT alert_value_finite CHECK (alert_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    threshold_basis  text,
    target_value     numeric CONSTRAINT target_value_finite CHECK (target_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    target_due_date  date
);

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA heartbeat TO heartbeat_file;
GRANT SELECT, INSERT, UPDATE ON heartbeat.metric_registry TO heartbeat_file;
