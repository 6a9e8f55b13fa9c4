-- chargeback_rate: card payments that customers had taken back yesterday, against a usual day's card payments.
--
-- Whose job it is:   the dispute desk answers each one and finds out where a wave comes from.
-- What red costs:    from 0.90 percent on the card scheme fines us about 25,000 EUR a month, and every chargeback costs 18 EUR to handle.
-- Who acts on red:   the dispute desk sorts the day by merchant and reason, and blocks the merchant or the card numbers the same day.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('chargeback_rate', 'Card chargebacks', 'day', $value$
    SELECT 100.0 * (
            SELECT count(*) FROM webbank.chargebacks
            WHERE received_at >= current_date - 1 AND received_at < current_date
        ) / nullif(count(*) / 30.0, 0)
    FROM webbank.payments
    WHERE scheme = 'card' AND created_at >= current_date - 31 AND created_at < current_date - 1
$value$, 'Chargebacks received yesterday, in percent of the average daily card payments of the 30 days before.',
ARRAY['webbank.chargebacks', 'webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'CHGB' WHERE metric_id = 'chargeback_rate';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Around 0.45 % is a normal day. Red means that the card scheme starts to fine us if it stays, and that somebody is stealing from our customers or selling them something that does not arrive.',
    methodology = 'Numerator: rows of webbank.chargebacks by received_at on the day before today (Europe/Berlin). Denominator: rows of webbank.payments with scheme card by created_at in the 30 days before that day, divided by 30, so that a quiet weekend does not raise the share. By number, not by amount; rejected payments count.',
    notes = 'On red the dispute desk sorts the day by merchant and reason, and blocks the merchant or the card numbers the same day. From 0.90 % on the card scheme fines us about 25,000 EUR a month, and every chargeback costs 18 EUR to handle.'
WHERE metric_id = 'chargeback_rate';

UPDATE heartbeat.metric_registry SET
    norm_value = 0.75, alert_value = 0.90, unit = '%',
    threshold_basis = 'Card scheme rule 7.3 in our membership contract: early warning from 0.75 %, fines from 0.90 %.',
    cross_check_sql = $check$
        WITH sales AS (
            SELECT CAST(created_at AS DATE) AS day, count(*) AS payments
            FROM webbank.payments
            WHERE scheme = 'card' AND created_at >= current_date - 31 AND created_at < current_date - 1
            GROUP BY 1
        )
        SELECT 100.0 * (
                SELECT count(DISTINCT p.payment_id)
                FROM webbank.chargebacks AS c
                JOIN webbank.payments AS p USING (payment_id)
                WHERE CAST(c.received_at AS DATE) = current_date - 1 AND c.received_at <= now() AND p.scheme = 'card'
            ) / nullif(avg(payments), 0)
        FROM sales
    $check$
WHERE metric_id = 'chargeback_rate';
