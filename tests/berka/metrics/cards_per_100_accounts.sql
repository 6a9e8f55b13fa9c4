-- cards_per_100_accounts: how many customers carry a card. The scheme contract wants 15 by the end of 1998.

INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('cards_per_100_accounts', 'CARD', 'Cards per 100 accounts', 'year', $value$
    SELECT 100.0 * (SELECT count(*) FROM berka.card WHERE issued_on <= current_date) / nullif(count(*), 0)
    FROM berka.account
    WHERE opened_on <= current_date
$value$, 'Cards issued so far per 100 accounts opened so far.', 'berka.card, berka.account');

UPDATE heartbeat.metric_registry
SET how_to_read = 'Cards per 100 accounts, low is bad.', methodology = 'Rows of berka.card issued up to today, per 100 rows of berka.account opened up to today.', unit = 'cards',
    notes = 'On red the head of cards has to tell the scheme how the gap is closed. Below 10 the contract ends, and with it the revenue from cards.';

UPDATE heartbeat.metric_registry
SET norm_value = 15, alert_value = 10, threshold_basis = 'Contract with the card scheme: 15 per 100 accounts, exit below 10',
    target_value = 20, target_due_date = '1999-12-31';
