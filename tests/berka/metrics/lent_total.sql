-- lent_total: the book that the treasury refinances. Red: it is not refinanced.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('lent_total', 'LENT', 'Lent in all', 'year', $value$
    SELECT sum(amount_czk)
    FROM berka.loan
    WHERE granted_on <= current_date
$value$, 'Crowns lent so far.', 'berka.loan');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Crowns; counts up to 103,261,740.', methodology = 'Sum of amount_czk over rows of berka.loan granted up to today.', unit = 'CZK',
    notes = 'On red the treasury stops new loans until the line is larger. What is lent beyond the line is not refinanced, and the bank pays for it from its reserve.';

UPDATE heartbeat.metric_registry
SET norm_value = 100000000, alert_value = 120000000, threshold_basis = 'Refinancing line of the treasury: 100 M CZK, with notice 120 M';
