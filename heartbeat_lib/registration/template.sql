-- {metric_id}: <fill in: what this number says, in one sentence>.
--
-- Whose job it is:   <fill in: the person or team that acts on it>.
-- What red costs:    <fill in: money lost or risk taken per day or week, and where that figure comes from>.
-- Who acts on red:   <fill in: who does what, by when>.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('{metric_id}', '<fill in: a short name>', 'day', $value$
    -- One row, one number. Say "today" as current_date or now(); an upper bound lets the past be computed as of then.
    SELECT count(*)
    FROM schema_name.table_name
    WHERE happened_at >= current_date AND happened_at <= now()
$value$, '<fill in: what is counted>', ARRAY['schema_name.table_name']);

UPDATE heartbeat.metric_registry SET code = '{code}' WHERE metric_id = '{metric_id}';

UPDATE heartbeat.metric_registry
SET how_to_read = '<fill in: what a high and a low value mean to its owner>',
    methodology = '<fill in: tables, filters, time window and unit, in words>',
    unit        = '<fill in: %, EUR, payments, days ...>'
WHERE metric_id = '{metric_id}';

-- Provisional thresholds: norm is amber, alert is red. They come from outside the data (an SLA, a rule, a capacity), never from it.
-- UPDATE heartbeat.metric_registry
-- SET norm_value = 5, alert_value = 10, threshold_basis = 'where these two numbers come from'
-- WHERE metric_id = '{metric_id}';
