-- card_fraud_month: what fraud with our cards has cost since the first of the month.
--
-- Whose job it is:   the fraud manager spends a budget of 18,000 EUR a month on fraud, and is asked about every euro above it.
-- What red costs:    the value itself, in euros: these chargebacks are paid by us.
-- Who acts on red:   the fraud manager tightens the card rules; above 24,000 EUR the risk committee meets.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('card_fraud_month', 'Card fraud this month', 'month', $value$
    SELECT sum(CASE WHEN reason = 'fraud' AND received_at >= date_trunc('month', current_date) THEN amount_eur ELSE 0 END)
    FROM webbank.chargebacks
    WHERE received_at >= date_trunc('month', current_date) - INTERVAL '7 days' AND received_at <= now()
$value$, 'Amount of the chargebacks for fraud received since the first of the month.', ARRAY['webbank.chargebacks']);

UPDATE heartbeat.metric_registry SET code = 'FRAU' WHERE metric_id = 'card_fraud_month';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Starts at zero on the first and grows all month. Amber means that the month''s budget is spent, however early that is; red means that the risk committee has to meet.',
    methodology = 'Sums amount_eur of webbank.chargebacks with reason fraud by received_at from the first of the month (Europe/Berlin) to now. The week before the first is read too and counts zero: it tells a month without fraud (0) from a table without rows (no value).',
    notes = 'From amber on the fraud manager tightens the card rules. The value itself is what it costs: we pay these chargebacks.'
WHERE metric_id = 'card_fraud_month';

UPDATE heartbeat.metric_registry SET
    norm_value = 18000, alert_value = 24000, unit = 'EUR',
    threshold_basis = 'Fraud budget of the year, 216,000 EUR, by month; 24,000 EUR is the limit in the rules of the risk committee.'
WHERE metric_id = 'card_fraud_month';
