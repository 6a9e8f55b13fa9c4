-- fx_rate_age: how old the newest exchange rates are: the feed stops silently, and everything is then booked at old rates.
--
-- Whose job it is:   the treasurer; the rate feed is bought from a data vendor.
-- What red costs:    100 payments a day in foreign currency, about 130,000 EUR; a rate that has moved by 2 percent gives away 2,600 EUR a day.
-- Who acts on red:   the treasury desk calls the vendor, and enters rates by hand from the third day on.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('fx_rate_age', 'Age of the exchange rates', 'day', $value$
    SELECT current_date - max(rate_on)
    FROM fx.rates
    WHERE published_at <= now()
$value$, 'Days since the date of the newest exchange rates.', ARRAY['fx.rates']);

UPDATE heartbeat.metric_registry SET code = 'FXAG' WHERE metric_id = 'fx_rate_age';

UPDATE heartbeat.metric_registry SET
    how_to_read = '0 from half past seven in the morning on, 1 before; weekends too. Red means that foreign payments are booked at rates nobody would sell at any more.',
    methodology = 'Today (Europe/Berlin) minus the newest rate_on in fx.rates with published_at up to now, in days. It looks at the rows and not at the load: a load that brings nothing new leaves the rates old.',
    notes = 'On red the treasury desk calls the vendor, and enters rates by hand. On 130,000 EUR of foreign payments a day a rate that has moved by 2 percent costs 2,600 EUR.'
WHERE metric_id = 'fx_rate_age';

UPDATE heartbeat.metric_registry SET
    norm_value = 2, alert_value = 3, unit = 'days', benchmark_kind = 'none',
    threshold_basis = 'Treasury policy, section 4: rates of the day before may be used; from the third day on every booking needs a rate entered by hand.',
    cross_check_sql = $check$
        SELECT min(age)
        FROM (
            SELECT currency, date_diff('day', max(rate_on), current_date) AS age
            FROM fx.rates
            WHERE published_at <= now()
            GROUP BY currency
        ) AS by_currency
    $check$
WHERE metric_id = 'fx_rate_age';
