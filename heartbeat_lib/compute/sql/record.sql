-- Outcomes -> observations (appended) and history (upserted), judged by the thresholds in force at this moment.
-- Grain: one outcome per metric, period and instant; an outcome whose metric was retired or redefined meanwhile is only observed.
-- A failure keeps value, computed_at and what belongs to them, turns the row grey and moves attempted_at.
WITH outcome AS (
    SELECT o.*, o.error_reason IS NOT NULL AS failed
    FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS o (
        metric_id text, period text, period_start timestamptz, as_of timestamptz, computed_at timestamptz, value numeric,
        error_reason text, error text, source_as_of timestamptz, stale boolean, settled boolean, definition_hash text,
        elapsed_ms real
    )
), observed AS (
    INSERT INTO heartbeat.metric_observation
        (metric_id, period, period_start, as_of, value, error_reason, error, source_as_of, definition_hash, origin, run_id, elapsed_ms)
    SELECT metric_id, period, period_start, as_of, value, error_reason, error, source_as_of, definition_hash, %(origin)s, %(run_id)s, elapsed_ms
    FROM outcome
)
INSERT INTO heartbeat.metric_history AS kept
    (metric_id, period, period_start, value, status, status_reason, as_of, computed_at, attempted_at, source_as_of,
     settled, stale, origin, definition_hash, norm_applied, alert_applied, error)
SELECT o.metric_id, o.period, o.period_start, o.value, judged.status, judged.status_reason, o.as_of,
       CASE WHEN NOT o.failed THEN o.computed_at END, o.computed_at, o.source_as_of,
       o.settled AND NOT o.failed, o.stale, %(origin)s, o.definition_hash, living.norm_value, living.alert_value, o.error
FROM outcome AS o
JOIN heartbeat.metric_registry AS living USING (metric_id, definition_hash)
CROSS JOIN LATERAL heartbeat.judge(o.value, living.direction, living.norm_value, living.alert_value, o.failed, o.stale) AS judged
ON CONFLICT (metric_id, period, period_start) DO UPDATE SET
    value           = CASE WHEN excluded.error IS NULL THEN excluded.value ELSE kept.value END,
    as_of           = CASE WHEN excluded.error IS NULL THEN excluded.as_of ELSE kept.as_of END,
    computed_at     = CASE WHEN excluded.error IS NULL THEN excluded.computed_at ELSE kept.computed_at END,
    source_as_of    = CASE WHEN excluded.error IS NULL THEN excluded.source_as_of ELSE kept.source_as_of END,
    definition_hash = CASE WHEN excluded.error IS NULL THEN excluded.definition_hash ELSE kept.definition_hash END,
    origin          = CASE WHEN excluded.error IS NULL THEN excluded.origin ELSE kept.origin END,
    settled         = CASE WHEN excluded.error IS NULL THEN excluded.settled ELSE kept.settled END,
    status          = excluded.status,
    status_reason   = excluded.status_reason,
    attempted_at    = excluded.attempted_at,
    stale           = excluded.stale,
    norm_applied    = excluded.norm_applied,
    alert_applied   = excluded.alert_applied,
    error           = excluded.error
WHERE %(replace)s
   OR excluded.origin <> 'backfill' AND (excluded.settled OR NOT kept.settled)
   -- A tick comes to a settled row only to close it again; that it could not is shown, and the next tick tries again.
   OR excluded.origin = 'tick' AND excluded.error IS NOT NULL
   OR excluded.origin = 'backfill' AND kept.origin = 'backfill' AND (excluded.settled OR NOT kept.settled)
      AND (kept.definition_hash = excluded.definition_hash OR kept.computed_at IS NULL)
