-- loan_median: how large the ordinary loan is. Small loans do not pay for their paperwork.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('loan_median', 'LMED', 'Median loan', 'quarter', $value$
    SELECT median(amount_czk)
    FROM berka.loan
    WHERE granted_on >= date_trunc('quarter', current_date) AND granted_on <= current_date
$value$, 'Middle amount of the loans granted this quarter.', 'berka.loan');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Crowns, low is bad.', methodology = 'Median of amount_czk over rows of berka.loan granted in the quarter up to today.', unit = 'CZK',
    notes = 'On red the head of lending changes the smallest loan that is granted. A loan below 60,000 CZK is a loss after its paperwork.';

UPDATE heartbeat.metric_registry
SET norm_value = 60000, alert_value = 40000, threshold_basis = 'Cost accounting: a loan pays for its paperwork from 60,000 CZK';
