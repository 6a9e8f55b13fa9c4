-- aml_alerts_old: money-laundering alerts that nobody has closed for more than 30 days.
--
-- Whose job it is:   the money-laundering officer, who signs for every one of them.
-- What red costs:    a suspicion reported late costs up to 150,000 EUR per case, and the officer is liable in person.
-- Who acts on red:   the officer lends analysts from other rules; from 130 on outside reviewers are hired at 900 EUR a day.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('aml_alerts_old', 'AML alerts older than 30 days', 'day', $value$
    SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (
        WHERE raised_at < current_date - 30 AND (closed_at IS NULL OR closed_at > now())
    ) END
    FROM aml.alerts
    WHERE raised_at <= now()
$value$, 'Alerts raised more than 30 days ago that are still open.', ARRAY['aml.alerts']);

UPDATE heartbeat.metric_registry SET code = 'AMLB' WHERE metric_id = 'aml_alerts_old';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'A handful of hard ones is normal. A steady climb means that one kind of alert is not worked on at all: look at the rule first. Red means that we cannot catch up with our own people.',
    methodology = 'Counts rows of aml.alerts with raised_at before midnight (Europe/Berlin) 30 days ago and no closed_at up to now, all rules. An empty table gives no value, because no alerts at all would be the worse news.',
    notes = 'On red the officer takes analysts from other rules and hires outside reviewers at 900 EUR a day. A suspicion reported late costs up to 150,000 EUR per case, and the officer is liable in person.'
WHERE metric_id = 'aml_alerts_old';

UPDATE heartbeat.metric_registry SET
    norm_value = 40, alert_value = 130, unit = 'alerts',
    threshold_basis = 'Capacity: the team closes 40 old alerts a week beside the new ones; 130 cannot be closed within the quarter that the auditor grants.',
    cross_check_sql = $check$
        SELECT (SELECT count(*) FROM aml.alerts WHERE raised_at < current_date - 30)
            - (SELECT count(*) FROM aml.alerts WHERE closed_at <= now() AND raised_at < current_date - 30)
    $check$
WHERE metric_id = 'aml_alerts_old';
