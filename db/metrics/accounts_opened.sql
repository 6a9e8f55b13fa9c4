-- accounts_opened: accounts opened in a week: the bank's growth, before anybody has spent a cent with us.
--
-- Whose job it is:   the head of sales promised 100 new accounts a week for this year's marketing budget.
-- What red costs:    an account earns about 60 EUR a year; twenty missing accounts a week are 62,000 EUR in the first year.
-- Who acts on red:   sales and marketing look at campaigns and at the application form, in the Monday meeting.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('accounts_opened', 'Accounts opened', 'week', $value$
    SELECT count(*)
    FROM webbank.accounts
    WHERE opened_at >= date_trunc('week', current_date) AND opened_at <= now()
$value$, 'Accounts opened in the week, Monday to Sunday.', ARRAY['webbank.accounts']);

UPDATE heartbeat.metric_registry SET code = 'ACCO' WHERE metric_id = 'accounts_opened';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'The last finished week; about 140 is usual. Red means that growth has stopped while we keep paying for advertising.',
    methodology = 'Counts rows of webbank.accounts by opened_at from Monday 0:00 (Europe/Berlin) to now. Applications that are still open or came to nothing have no opened_at. Judged on the closed week, because the count starts at zero every Monday.',
    notes = 'On red sales and marketing look at the campaigns and at the application form in the Monday meeting. Twenty missing accounts a week are 62,000 EUR of revenue lost in the first year.'
WHERE metric_id = 'accounts_opened';

UPDATE heartbeat.metric_registry SET
    norm_value = 100, alert_value = 80, unit = 'accounts', judge = 'closed',
    threshold_basis = 'Commitment of the head of sales in the budget round: 100 a week; at 80 the campaign does not pay for itself.'
WHERE metric_id = 'accounts_opened';
