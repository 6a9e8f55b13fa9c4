-- aml_alert_rate: alerts per thousand payments: are the monitoring rules awake?
--
-- Whose job it is:   the head of monitoring, who has to show that every payment is looked at.
-- What red costs:    in the last three public cases the rules were switched off by a release, for months; the fines began at 4 million EUR.
-- Who acts on red:   the rules team compares the rules in force with the release notes, the same day.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('aml_alert_rate', 'AML alerts per 1,000 payments', 'day', $value$
    SELECT 1000.0 * (
            SELECT count(*) FROM aml.alerts
            WHERE raised_at >= current_date - 7 AND raised_at < current_date
        ) / nullif(count(*), 0)
    FROM webbank.payments
    WHERE created_at >= current_date - 7 AND created_at < current_date
$value$, 'Alerts raised in the last seven days per thousand payments started in them.', ARRAY['aml.alerts', 'webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'AMLR' WHERE metric_id = 'aml_alert_rate';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Fewer is worse: silence is what a broken rule sounds like. Nine per thousand is usual; red means that about half of the rules have stopped looking.',
    methodology = 'Rows of aml.alerts by raised_at, divided by rows of webbank.payments by created_at, both in the seven whole days before today (Europe/Berlin), times 1,000. All rules, all schemes, rejected payments included.',
    notes = 'On red the rules team compares the rules in force with the release notes, the same day. In the last three public cases rules were switched off by a release, for months, and the fines began at 4 million EUR.'
WHERE metric_id = 'aml_alert_rate';

UPDATE heartbeat.metric_registry SET
    norm_value = 7, alert_value = 5, unit = 'alerts',
    threshold_basis = 'Acceptance test of the monitoring system: the yearly test set of payments yields 7 alerts per thousand with all rules on, 5 with the smallest rule set the supervisor accepts.'
WHERE metric_id = 'aml_alert_rate';
