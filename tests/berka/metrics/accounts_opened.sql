-- accounts_opened: new customers. Below 20 a month the counter is overstaffed by one.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('accounts_opened', 'AOPN', 'Accounts opened', 'month', $value$
    SELECT count(*)
    FROM berka.account
    WHERE opened_on >= date_trunc('month', current_date) AND opened_on <= current_date
$value$, 'Accounts opened this month.', 'berka.account');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Accounts, low is bad.', methodology = 'Rows of berka.account by opened_on in the month up to today.', unit = 'accounts',
    notes = 'On red the branch manager takes one clerk off the counter. Below 20 accounts a month the bank pays one clerk too many.';

UPDATE heartbeat.metric_registry
SET norm_value = 20, alert_value = 10, threshold_basis = 'Staffing plan: one clerk opens 20 accounts a month',
    cross_check_sql = $check$
    SELECT count(*) - (SELECT count(*) FROM berka.account WHERE opened_on < date_trunc('month', current_date))
    FROM berka.account
    WHERE opened_on <= current_date
$check$;
