-- The one priority of statuses, and what a tile shows. Whoever judges a value (compute, patch_verification, rehearsals) calls this.

-- failed > no value > no threshold > red > amber > stale > green; reaching a threshold counts as crossing it. The value is in the
-- metric's unit, norm is amber, alert is red. A body of this form is parsed now, so no search_path can change what it means.
CREATE FUNCTION heartbeat.judge(
    value numeric, direction text, norm numeric, alert numeric, failed boolean, stale boolean,
    OUT status text, OUT status_reason text
) LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN failed OR value IS NULL OR (norm IS NULL AND alert IS NULL) OR direction IS NULL THEN 'grey'
            WHEN (direction = 'higher_is_worse' AND value >= alert) OR (direction = 'lower_is_worse' AND value <= alert) THEN 'red'
            WHEN (direction = 'higher_is_worse' AND value >= norm) OR (direction = 'lower_is_worse' AND value <= norm) THEN 'amber'
            WHEN stale THEN 'grey'
            ELSE 'green'
        END,
        CASE
            WHEN failed THEN 'failed'
            WHEN value IS NULL THEN 'no_value'
            WHEN (norm IS NULL AND alert IS NULL) OR direction IS NULL THEN 'no_threshold'
            WHEN (direction = 'higher_is_worse' AND (value >= alert OR value >= norm))
              OR (direction = 'lower_is_worse' AND (value <= alert OR value <= norm)) THEN NULL
            WHEN stale THEN 'stale'
        END;
END;

-- One row per living metric: the registry's columns and the period on show. That is the latest period of the metric's present
-- grain; where finished periods are judged (judge = 'closed') the latest settled one: half a week's sum is no week's.
CREATE VIEW heartbeat.metric_shown WITH (security_invoker = true) AS
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
LEFT JOIN LATERAL (
    SELECT kept.*
    FROM heartbeat.metric_history AS kept
    WHERE kept.metric_id = living.metric_id AND kept.period = living.period AND (living.judge = 'running' OR kept.settled)
    ORDER BY kept.period_start DESC
    LIMIT 1
) AS shown ON true;

REVOKE ALL ON FUNCTION heartbeat.judge(numeric, text, numeric, numeric, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.judge(numeric, text, numeric, numeric, boolean, boolean)
    TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT SELECT ON heartbeat.metric_shown TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
