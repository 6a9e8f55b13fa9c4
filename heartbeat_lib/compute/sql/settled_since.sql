-- Periods from a given start on that have their final value, one row per metric and period; `same_meaning`: made by the
-- present definition.
SELECT kept.metric_id, kept.period_start, kept.computed_at, kept.definition_hash = living.definition_hash AS same_meaning
FROM unnest(%(ids)s::text[], %(since)s::timestamptz[]) AS asked (metric_id, since)
JOIN heartbeat.metric_registry AS living USING (metric_id)
JOIN heartbeat.metric_history AS kept
  ON kept.metric_id = living.metric_id AND kept.period = living.period AND kept.period_start >= asked.since
WHERE kept.settled AND kept.error IS NULL
