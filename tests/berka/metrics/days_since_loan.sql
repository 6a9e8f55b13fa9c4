-- days_since_loan: whether the branch still lends. A month without a loan is a branch without customers.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('days_since_loan', 'LDAY', 'Days since the last loan', 'day', $value$
    SELECT date_diff('day', max(granted_on), current_date)
    FROM berka.loan
    WHERE granted_on <= current_date
$value$, 'Days since a loan was granted.', 'berka.loan');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Days.', methodology = 'From the latest granted_on up to today to today.', unit = 'days',
    notes = 'From amber on the regional manager visits and checks the branch, on red it is reported. A branch that does not lend costs its rent and earns nothing.';

UPDATE heartbeat.metric_registry
SET norm_value = 14, alert_value = 30, threshold_basis = 'Branch rule: a visit after two weeks, a report after a month';
