-- aml_alert_days: how long an alert takes from the rule to the analyst's decision.
--
-- Whose job it is:   the head of the monitoring team.
-- What red costs:    while an alert is open the account stays open too; money laundered in that time is money we have to explain.
-- Who acts on red:   the head of the team changes the order of work, or the rule that floods it.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('aml_alert_days', 'Days to close an AML alert', 'day', $value$
    SELECT median((epoch(closed_at) - epoch(raised_at)) / 86400.0)
    FROM aml.alerts
    WHERE closed_at >= current_date - 30 AND closed_at <= now()
$value$, 'Median days from raising to closing, alerts closed in the last 30 days.', ARRAY['aml.alerts']);

UPDATE heartbeat.metric_registry SET code = 'AMLD' WHERE metric_id = 'aml_alert_days';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Half of the closed alerts took longer. It sees closed alerts only: a backlog that nobody touches leaves it green, so read it together with AMLB.',
    methodology = 'Median of closed_at minus raised_at in days of 24 hours, over the rows of aml.alerts closed from 30 days ago (midnight, Europe/Berlin) to now. Weekends count.',
    notes = 'On red the head of the monitoring team changes the order of work, or the rule that floods it. While an alert is open the account stays open too: money laundered in that time is money we have to explain.'
WHERE metric_id = 'aml_alert_days';

UPDATE heartbeat.metric_registry SET
    norm_value = 8, alert_value = 12, unit = 'days',
    threshold_basis = 'Working instruction of the money-laundering officer: a decision within 8 days, in no case a median above 12.',
    cross_check_sql = $check$
        SELECT avg(days)
        FROM (
            SELECT date_diff('microsecond', raised_at, closed_at) / 86400e6 AS days,
                row_number() OVER (ORDER BY date_diff('microsecond', raised_at, closed_at)) AS place, count(*) OVER () AS alerts
            FROM aml.alerts
            WHERE CAST(closed_at AS DATE) BETWEEN current_date - 30 AND current_date AND closed_at <= now()
        ) AS ranked
        WHERE place IN ((alerts + 1) // 2, alerts // 2 + 1)
    $check$
WHERE metric_id = 'aml_alert_days';
