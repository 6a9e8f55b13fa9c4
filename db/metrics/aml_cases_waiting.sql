-- aml_cases_waiting: suspicious cases that have waited more than ten days for a decision to report or to drop.
--
-- Whose job it is:   the money-laundering officer; the law says "without delay".
-- What red costs:    the supervisor takes two weeks as the limit; a late report costs up to 150,000 EUR.
-- Who acts on red:   the officer decides them in person, oldest first, on the day that it turns amber.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('aml_cases_waiting', 'AML cases waiting over 10 days', 'day', $value$
    SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (
        WHERE opened_at < current_date - 10 AND (decided_at IS NULL OR decided_at > now())
    ) END
    FROM aml.cases
    WHERE opened_at <= now()
$value$, 'Cases opened more than ten days ago without a decision.', ARRAY['aml.cases']);

UPDATE heartbeat.metric_registry SET code = 'CASE' WHERE metric_id = 'aml_cases_waiting';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Two or three that wait for papers are normal. Red means that suspicions lie on a desk that should lie with the authorities.',
    methodology = 'Counts rows of aml.cases with opened_at before midnight (Europe/Berlin) ten days ago and no decided_at up to now. A case opens when its alert is closed as suspicious.',
    notes = 'From amber on the officer decides them in person, oldest first. The supervisor takes two weeks as the limit, and a late report costs up to 150,000 EUR.'
WHERE metric_id = 'aml_cases_waiting';

UPDATE heartbeat.metric_registry SET
    norm_value = 10, alert_value = 20, unit = 'cases',
    threshold_basis = 'Capacity of one officer: ten decisions a day; two days'' worth is what the deputy rule allows before help has to be called.'
WHERE metric_id = 'aml_cases_waiting';
