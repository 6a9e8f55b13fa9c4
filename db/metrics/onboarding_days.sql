-- onboarding_days: how long a new customer waits from application to account.
--
-- Whose job it is:   the onboarding team; the home page promises three days.
-- What red costs:    each day of waiting loses about 2 percent of the applicants, some 3 accounts a week or 9,000 EUR a year.
-- Who acts on red:   the head of onboarding moves checks from people to the provider, or takes the promise off the page.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('onboarding_days', 'Days from application to account', 'day', $value$
    SELECT median((epoch(opened_at) - epoch(applied_at)) / 86400.0)
    FROM webbank.accounts
    WHERE opened_at >= current_date - 30 AND opened_at <= now()
$value$, 'Median time from application to open account, accounts opened in the last 30 days.', ARRAY['webbank.accounts']);

UPDATE heartbeat.metric_registry SET code = 'ONBD' WHERE metric_id = 'onboarding_days';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Half of the new customers waited longer than this. Amber means that we break the promise on our home page for most of them; red means that the consumer association has a case.',
    methodology = 'Median of opened_at minus applied_at in days of 24 hours, over the rows of webbank.accounts opened from 30 days ago (midnight, Europe/Berlin) to now. Weekends count: the customer waits through them. Applications that are still open are not in it, so a growing queue shows late.',
    notes = 'On red the head of onboarding moves checks from people to the provider, or takes the promise off the page. Each day of waiting loses about 2 percent of the applicants: some 3 accounts a week, or 9,000 EUR a year.'
WHERE metric_id = 'onboarding_days';

UPDATE heartbeat.metric_registry SET
    norm_value = 3, alert_value = 6, unit = 'days',
    target_value = 2.5, target_due_date = DATE '2027-06-30',
    threshold_basis = 'Our own promise: "your account in three days" on the home page; six days is where the terms let a customer withdraw.',
    cross_check_sql = $check$
        SELECT avg(days)
        FROM (
            SELECT date_diff('microsecond', applied_at, opened_at) / 86400e6 AS days,
                row_number() OVER (ORDER BY date_diff('microsecond', applied_at, opened_at)) AS place, count(*) OVER () AS accounts
            FROM webbank.accounts
            WHERE CAST(opened_at AS DATE) BETWEEN current_date - 30 AND current_date AND opened_at <= now()
        ) AS ranked
        WHERE place IN ((accounts + 1) // 2, accounts // 2 + 1)
    $check$
WHERE metric_id = 'onboarding_days';
