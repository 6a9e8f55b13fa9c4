-- What an audit computed again, appended; nothing else of the store changes. Grain: one observation per recomputed period.
INSERT INTO heartbeat.metric_observation
    (metric_id, period, period_start, as_of, value, error_reason, error, source_as_of, definition_hash, origin, run_id, elapsed_ms)
SELECT metric_id, period, period_start, as_of, value, error_reason, error, source_as_of, definition_hash, 'audit', %(run_id)s, elapsed_ms
FROM jsonb_to_recordset(%(observations)s::jsonb) AS o (
    metric_id text, period text, period_start timestamptz, as_of timestamptz, value numeric, error_reason text, error text,
    source_as_of timestamptz, definition_hash text, elapsed_ms real
)
