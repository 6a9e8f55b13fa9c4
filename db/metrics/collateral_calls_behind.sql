-- collateral_calls_behind: how many monthly collateral calls the worst client has left unpaid past their due date.
--
-- Whose job it is:   the scheme risk manager; Harbour Bank stands behind its fintech clients in the card schemes.
-- What red costs:    if a client fails, the scheme takes what is missing from us: one month of a client is about 70,000 EUR.
-- Who acts on red:   the scheme risk manager calls the client at the first, the board decides on termination at the third.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('collateral_calls_behind', 'Months behind on card collateral', 'day', $value$
    WITH paid AS (
        SELECT call_id, sum(amount_eur) AS paid_eur
        FROM cards.collateral_payments
        WHERE paid_at <= now()
        GROUP BY call_id
    ), by_client AS (
        SELECT c.client_id, count(*) FILTER (WHERE coalesce(p.paid_eur, 0) < c.amount_eur) AS behind
        FROM cards.collateral_calls AS c
        LEFT JOIN paid AS p ON p.call_id = c.call_id
        WHERE c.due_on < current_date
        GROUP BY c.client_id
    )
    SELECT max(behind) FROM by_client
$value$, 'Collateral calls past their due date and not fully paid, of the client who has most of them.',
ARRAY['cards.collateral_calls', 'cards.collateral_payments']);

UPDATE heartbeat.metric_registry SET code = 'COLL' WHERE metric_id = 'collateral_calls_behind';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Calls go out monthly, so the number is months. One is a client who pays a few days late. Red means a client who has stopped paying while his customers keep spending on our guarantee.',
    methodology = 'A call of cards.collateral_calls is behind when due_on is before today and the cards.collateral_payments for it up to now add up to less than its amount_eur. Counted per client_id; the value is the largest count. All calls in the table count, however old.',
    notes = 'The scheme risk manager calls the client at the first month, and on red the board decides on termination. If a client fails, we owe the scheme what is missing: one month of a client is about 70,000 EUR.'
WHERE metric_id = 'collateral_calls_behind';

UPDATE heartbeat.metric_registry SET
    norm_value = 2, alert_value = 3, unit = 'months',
    threshold_basis = 'Sponsorship contract, clause 11: formal notice after the second unpaid call, right to terminate after the third.',
    cross_check_sql = $check$
        SELECT coalesce(max(behind), 0)
        FROM (
            SELECT c.client_name, count(*) AS behind
            FROM cards.collateral_calls AS c
            WHERE c.due_on < current_date
                AND c.amount_eur > coalesce((
                    SELECT sum(p.amount_eur) FROM cards.collateral_payments AS p
                    WHERE p.call_id = c.call_id AND p.paid_at <= now()
                ), 0)
            GROUP BY c.client_name
        ) AS late
    $check$
WHERE metric_id = 'collateral_calls_behind';
