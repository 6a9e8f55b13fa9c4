-- fx_rate_move: the largest move of an exchange rate from one day to the next: a wild market, or a comma in the wrong place.
--
-- Whose job it is:   the treasury desk, before the day's first booking.
-- What red costs:    a rate that is wrong by 3 percent is found by customers within the hour; the last one cost 40,000 EUR.
-- Who acts on red:   the treasury desk stops conversions of that currency until the rate is confirmed.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('fx_rate_move', 'Largest exchange rate move', 'day', $value$
    SELECT 100.0 * max(abs(newer.mid / older.mid - 1))
    FROM fx.rates AS newer
    JOIN fx.rates AS older ON older.currency = newer.currency AND older.rate_on = newer.rate_on - 1
    WHERE newer.rate_on = current_date - 1 AND newer.published_at <= now()
$value$, 'Largest move of any currency against the euro from the day before yesterday to yesterday.', ARRAY['fx.rates']);

UPDATE heartbeat.metric_registry SET code = 'FXMV' WHERE metric_id = 'fx_rate_move';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Half a percent is an ordinary day. No value means that yesterday has no rates: then FXAG is the one to look at.',
    methodology = 'For each currency of fx.rates the rate of yesterday (Europe/Berlin) over that of the day before, less one, as a percentage without its sign; the value is the largest. A currency that lacks one of the two days is left out.',
    notes = 'On red the treasury desk stops conversions of that currency until the rate is confirmed. A rate that is wrong by 3 percent is found by customers within the hour: the last one was a loss of 40,000 EUR.'
WHERE metric_id = 'fx_rate_move';

UPDATE heartbeat.metric_registry SET
    norm_value = 1.5, alert_value = 3, unit = '%',
    threshold_basis = 'Treasury policy, section 5: moves from 1.5 % on are confirmed by a second source, from 3 % on conversion stops.',
    cross_check_sql = $check$
        SELECT max(abs(mid - mid_before) / mid_before) * 100.0
        FROM (
            SELECT rate_on, mid, published_at,
                lag(mid) OVER by_day AS mid_before, lag(rate_on) OVER by_day AS day_before
            FROM fx.rates
            WINDOW by_day AS (PARTITION BY currency ORDER BY rate_on)
        ) AS moves
        WHERE rate_on = current_date - 1 AND day_before = current_date - 2 AND published_at <= now()
    $check$
WHERE metric_id = 'fx_rate_move';
