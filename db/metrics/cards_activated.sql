-- cards_activated: cards that are switched on within two weeks of being sent: a card in a drawer earns nothing.
--
-- Whose job it is:   the cards product owner.
-- What red costs:    sending a card costs 6 EUR and an active one earns 25 EUR a year; five points fewer are 16,000 EUR a year.
-- Who acts on red:   the cards team checks letters, delivery and the activation page, and calls the card maker.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('cards_activated', 'Cards activated within 14 days', 'week', $value$
    SELECT 100.0 * count(*) FILTER (WHERE activated_at < issued_at + INTERVAL '14 days') / nullif(count(*), 0)
    FROM cards.cards
    WHERE issued_at >= current_date - 42 AND issued_at < current_date - 14
$value$, 'Share of the cards sent two to six weeks ago that were activated within 14 days.', ARRAY['cards.cards']);

UPDATE heartbeat.metric_registry SET code = 'CACT' WHERE metric_id = 'cards_activated';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'About 86 of 100 cards. It answers slowly, because every card is given its two weeks first. Red means that a whole batch did not arrive or that the activation page is broken.',
    methodology = 'Rows of cards.cards by issued_at from 42 to 14 days before today (whole days, Europe/Berlin), so that each had its 14 days. Numerator: activated_at less than 14 days after issued_at. Cards blocked later stay in.',
    notes = 'On red the cards team checks letters, delivery and the activation page, and calls the card maker. Sending a card costs 6 EUR and an active one earns 25 EUR a year: five points fewer are 16,000 EUR a year.'
WHERE metric_id = 'cards_activated';

UPDATE heartbeat.metric_registry SET
    norm_value = 80, alert_value = 70, unit = '%', direction = 'lower_is_worse',
    target_value = 90, target_due_date = DATE '2027-12-31',
    threshold_basis = 'Contract with the card maker: 80 % is its delivery guarantee, below 70 % it replaces the batch at its own cost.',
    cross_check_sql = $check$
        SELECT 100.0 - 100.0 * sum(CASE WHEN epoch(activated_at) - epoch(issued_at) < 14 * 86400 THEN 0 ELSE 1 END) / nullif(count(*), 0)
        FROM cards.cards
        WHERE CAST(issued_at AS DATE) BETWEEN current_date - 42 AND current_date - 15
    $check$
WHERE metric_id = 'cards_activated';
