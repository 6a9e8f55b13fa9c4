-- Periods that a backfill leaves alone: all that a tick or a person's refresh wrote, and those with their final value already,
-- whichever meaning it was made with. One row per metric and period.
SELECT metric_id, period, period_start
FROM heartbeat.metric_history
WHERE metric_id = ANY (%(ids)s)
  AND (origin <> 'backfill' OR settled AND error IS NULL)
