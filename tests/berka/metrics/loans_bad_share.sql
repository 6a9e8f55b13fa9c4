-- loans_bad_share: the share of loans that cost money. Red: the committee stops granting without a second signature.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('loans_bad_share', 'LBAD', 'Bad loans', 'month', $value$
    SELECT 100.0 * count(*) FILTER (WHERE status IN ('B', 'D')) / nullif(count(*), 0)
    FROM berka.loan
    WHERE granted_on <= current_date
$value$, 'Share of the loans granted so far that are not paid or in debt.', 'berka.loan');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Percent; above 12 provisions eat the margin.', methodology = 'Numerator: rows of berka.loan with status B or D. Denominator: all rows. Both granted up to today. The bank kept one status a loan, that of the end of 1998: for earlier days it says how the loans granted by then turned out.', unit = '%',
    notes = 'On red the credit committee stops granting without a second signature. Above 12 % the losses are paid from equity.';

UPDATE heartbeat.metric_registry
SET norm_value = 10, alert_value = 12, threshold_basis = 'Provision in the price list: 10 %; equity covers 12 %',
    cross_check_sql = $check$
    SELECT 100.0 - 100.0 * sum(CASE WHEN status IN ('A', 'C') THEN 1 ELSE 0 END) / nullif(count(*), 0)
    FROM berka.loan
    WHERE granted_on < current_date + 1
$check$;
