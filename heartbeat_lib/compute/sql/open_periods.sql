-- Rows that a tick comes back to once their period has ended, of living metrics in their present grain: those without a final
-- value, and those whose last attempt at it failed. The running period is among them. By metric and period.
SELECT kept.metric_id, kept.period_start, kept.settled, kept.computed_at
FROM heartbeat.metric_history AS kept
JOIN heartbeat.metric_registry AS living USING (metric_id, period)
WHERE (NOT kept.settled OR kept.error IS NOT NULL) AND kept.origin IN ('tick', 'manual')
ORDER BY kept.metric_id, kept.period_start
