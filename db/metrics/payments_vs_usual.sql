-- payments_vs_usual: yesterday's payments against the same weekday of the four weeks before: does something keep our customers away?
--
-- Whose job it is:   the head of payments answers for every channel being open.
-- What red costs:    a payment earns about 0.11 EUR, so a day at 70 percent costs some 190 EUR of fees; the customers who go elsewhere cost far more.
-- Who acts on red:   the operations desk looks for the channel or scheme that is missing, and calls its provider the same morning.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('payments_vs_usual', 'Payments against the usual weekday', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE created_at >= current_date - 1)
        / nullif(count(*) FILTER (WHERE created_at < current_date - 1) / 4.0, 0)
    FROM webbank.payments
    WHERE (created_at >= current_date - 1 AND created_at < current_date)
        OR (created_at >= current_date - 8 AND created_at < current_date - 7)
        OR (created_at >= current_date - 15 AND created_at < current_date - 14)
        OR (created_at >= current_date - 22 AND created_at < current_date - 21)
        OR (created_at >= current_date - 29 AND created_at < current_date - 28)
$value$, 'Payments started yesterday, in percent of the average of the same weekday in the four weeks before.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'PWKD' WHERE metric_id = 'payments_vs_usual';

UPDATE heartbeat.metric_registry SET
    how_to_read = '100 is a day like its four predecessors; weekends are compared with weekends. Red means that about a third of the usual payments did not reach us: look for a closed channel before anything else.',
    methodology = 'Counts rows of webbank.payments by created_at, whole days in Europe/Berlin: yesterday, divided by a quarter of the total of the days 7, 14, 21 and 28 days before it. Rejected payments count. Public holidays are not taken out.',
    notes = 'On red the operations desk looks for the channel or scheme that is missing, and calls its provider the same morning. A payment earns about 0.11 EUR, so a day at 70 percent costs some 190 EUR of fees, and the customers who go elsewhere far more.'
WHERE metric_id = 'payments_vs_usual';

UPDATE heartbeat.metric_registry SET
    norm_value = 85, alert_value = 70, unit = '%',
    threshold_basis = 'Operations handbook, incident classes: below 85 % is an incident of class 2, below 70 % of class 1 with a report to the board.',
    cross_check_sql = $check$
        WITH by_day AS (
            SELECT CAST(created_at AS DATE) AS day, count(*) AS payments
            FROM webbank.payments
            WHERE created_at >= current_date - 30 AND created_at < current_date
            GROUP BY 1
        )
        SELECT 100.0 * max(payments) FILTER (WHERE day = current_date - 1)
            / avg(payments) FILTER (WHERE day IN (current_date - 8, current_date - 15, current_date - 22, current_date - 29))
        FROM by_day
    $check$
WHERE metric_id = 'payments_vs_usual';
