-- fx_currencies_missing: currencies that have dropped out of the newest list of rates.
--
-- Whose job it is:   the treasury desk.
-- What red costs:    payments in a missing currency are refused, about 300 EUR of fees a day for the smallest one.
-- Who acts on red:   the treasury desk calls the data vendor.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('fx_currencies_missing', 'Currencies missing in the rates', 'day', $value$
    WITH recent AS (
        SELECT currency, rate_on
        FROM fx.rates
        WHERE rate_on >= current_date - 60 AND published_at <= now()
    ), newest AS (
        SELECT max(rate_on) AS rate_on FROM recent
    )
    SELECT nullif(count(DISTINCT r.currency), 0) - count(DISTINCT r.currency) FILTER (WHERE r.rate_on = n.rate_on)
    FROM recent AS r
    CROSS JOIN newest AS n
$value$, 'Currencies quoted in the last 60 days that are not in the newest list.', ARRAY['fx.rates']);

UPDATE heartbeat.metric_registry SET code = 'FXMI' WHERE metric_id = 'fx_currencies_missing';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Zero is the only good number. One is a currency that the vendor forgot; red means that part of the list is gone. It judges the newest list however old that is: its age is FXAG.',
    methodology = 'Distinct currencies in fx.rates with rate_on in the last 60 days (Europe/Berlin) and published_at up to now, less those of the newest rate_on. No rates at all in 60 days gives no value.',
    notes = 'On red the treasury desk calls the data vendor. Payments in a missing currency are refused: for the smallest one about 300 EUR of fees are lost a day.'
WHERE metric_id = 'fx_currencies_missing';

UPDATE heartbeat.metric_registry SET
    norm_value = 1, alert_value = 2, unit = 'currencies',
    threshold_basis = 'Contract with the data vendor: ten currencies a day; two missing ones are a breach with a refund of the month.'
WHERE metric_id = 'fx_currencies_missing';
