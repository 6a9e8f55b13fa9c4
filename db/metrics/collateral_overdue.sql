-- collateral_overdue: collateral that should lie with us and does not: what we would have to put in ourselves.
--
-- Whose job it is:   the scheme risk manager, with the treasurer who holds the reserve.
-- What red costs:    the value itself, in euros: if a client fails tomorrow, this is our loss.
-- Who acts on red:   the treasurer blocks own funds of the same size; above the reserve the board is told the same day.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('collateral_overdue', 'Card collateral overdue', 'day', $value$
    SELECT sum(c.amount_eur - coalesce(p.paid_eur, 0))
    FROM cards.collateral_calls AS c
    LEFT JOIN (
        SELECT call_id, sum(amount_eur) AS paid_eur
        FROM cards.collateral_payments
        WHERE paid_at <= now()
        GROUP BY call_id
    ) AS p ON p.call_id = c.call_id
    WHERE c.due_on < current_date
$value$, 'What is missing on collateral calls past their due date, all clients.',
ARRAY['cards.collateral_calls', 'cards.collateral_payments']);

UPDATE heartbeat.metric_registry SET code = 'COLO' WHERE metric_id = 'collateral_overdue';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Zero is what the contracts say. Just after the 15th some clients are a few days late and it jumps. Amber means that a client owes more than two months; red means that the bank''s reserve no longer covers it.',
    methodology = 'Sums amount_eur of cards.collateral_calls with due_on before today, less the cards.collateral_payments for them up to now. Paid calls add zero. No value when no call has ever fallen due.',
    notes = 'From amber on the treasurer blocks own funds of the same size, and on red the board is told the same day. If a client fails tomorrow, this value is our loss.'
WHERE metric_id = 'collateral_overdue';

UPDATE heartbeat.metric_registry SET
    norm_value = 150000, alert_value = 800000, unit = 'EUR',
    threshold_basis = 'Reserve for scheme losses in the risk policy: 800,000 EUR. 150,000 EUR is the limit that the treasurer may carry without a decision.',
    cross_check_sql = $check$
        SELECT (SELECT sum(amount_eur) FROM cards.collateral_calls WHERE due_on < current_date)
            - (SELECT sum(p.amount_eur) FROM cards.collateral_payments AS p
               JOIN cards.collateral_calls AS c USING (call_id)
               WHERE p.paid_at <= now() AND c.due_on < current_date)
    $check$
WHERE metric_id = 'collateral_overdue';
