-- payment_volume: euros moved in a day: the volume that the clearing contract is priced on.
--
-- Whose job it is:   the treasurer negotiates that contract and answers for its minimum.
-- What red costs:    below 300,000 EUR a day the clearing house bills the minimum all the same: 450 EUR of fees for payments nobody made.
-- Who acts on red:   the treasurer, with the head of payments; after ten such days in a quarter the contract can be renegotiated.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('payment_volume', 'Euro payment volume', 'day', $value$
    SELECT sum(amount)
    FROM webbank.payments
    WHERE currency = 'EUR'
        AND created_at >= current_date AND created_at <= now()
        AND (rejected_at IS NULL OR rejected_at > now())
$value$, 'Sum of the day''s payments in euro that were not rejected.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'PVOL' WHERE metric_id = 'payment_volume';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'The last finished day: about 1.1 million euros on a working day, 400,000 on a Sunday. Amber means that we pay the clearing house for more than we sent; red means that a whole kind of payment was missing.',
    methodology = 'Sums amount (EUR) of webbank.payments with currency EUR by created_at from midnight (Europe/Berlin) to now, without those rejected by now. Judged on the closed day, because the sum starts at zero every midnight.',
    notes = 'On red the treasurer acts, with the head of payments: after ten such days in a quarter the contract can be renegotiated. Below 300,000 EUR a day we pay the minimum all the same: 450 EUR of fees for payments that nobody made.'
WHERE metric_id = 'payment_volume';

UPDATE heartbeat.metric_registry SET
    norm_value = 300000, alert_value = 200000, unit = 'EUR', judge = 'closed',
    threshold_basis = 'Clearing contract, annex 2: daily minimum 300,000 EUR; 200,000 EUR is the volume at which its surcharge doubles.',
    cross_check_sql = $check$
        SELECT sum(by_account.amount)
        FROM (
            SELECT account_id, sum(amount) AS amount
            FROM webbank.payments
            WHERE CAST(created_at AS DATE) = current_date AND created_at <= now()
                AND NOT coalesce(rejected_at <= now(), FALSE) AND scheme IN ('card', 'sepa', 'instant', 'swift') AND currency = 'EUR'
            GROUP BY account_id
        ) AS by_account
    $check$
WHERE metric_id = 'payment_volume';
