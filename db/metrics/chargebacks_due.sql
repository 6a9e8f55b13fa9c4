-- chargebacks_due: disputed money whose deadline runs out within five days and that nobody has answered yet.
--
-- Whose job it is:   the dispute desk answers within 30 days; whatever it misses is lost without being looked at.
-- What red costs:    the value itself, in euros: unanswered means that we pay, whoever was right.
-- Who acts on red:   the head of the dispute desk moves people to the oldest cases until it is green.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('chargebacks_due', 'Chargebacks about to be lost', 'day', $value$
    SELECT sum(CASE WHEN answered_at <= now() THEN 0 ELSE amount_eur END)
    FROM webbank.chargebacks
    WHERE received_at <= now() AND answer_due_on >= current_date AND answer_due_on <= current_date + 5
$value$, 'Amount of the chargebacks that fall due within five days and are not answered yet.', ARRAY['webbank.chargebacks']);

UPDATE heartbeat.metric_registry SET code = 'LOSE' WHERE metric_id = 'chargebacks_due';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'The euros that we give away if nobody answers in the next five days. A few hundred are hopeless cases left on purpose; red means that the desk is behind and good cases are lost too.',
    methodology = 'Sums amount_eur of webbank.chargebacks received up to now with answer_due_on from today to five days ahead (30 days after receipt by scheme rule); those with answered_at up to now count zero. No value when nothing at all falls due in these days.',
    notes = 'On red the head of the dispute desk moves people to the oldest cases until it is green. What nobody answers we pay, whoever was right.'
WHERE metric_id = 'chargebacks_due';

UPDATE heartbeat.metric_registry SET
    norm_value = 2000, alert_value = 4000, unit = 'EUR',
    threshold_basis = 'Cards budget: write-offs of 10,000 EUR a month, which is 2,000 EUR in six days; twice that needs the approval of the board.',
    cross_check_sql = $check$
        SELECT sum(amount_eur) - coalesce(sum(amount_eur) FILTER (WHERE answered_at <= now()), 0)
        FROM webbank.chargebacks
        WHERE CAST(received_at AS DATE) + 30 BETWEEN current_date AND current_date + 5 AND received_at <= now()
    $check$
WHERE metric_id = 'chargebacks_due';
