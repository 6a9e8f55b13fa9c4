-- payments_rejected: payments that we turned away: every one is a customer who tries again, calls, or pays from another bank.
--
-- Whose job it is:   the payments product owner keeps rejections to those that the law or the balance demands.
-- What red costs:    a rejected payment costs about 4 EUR in calls; at 4 percent of 5,800 payments that is 900 EUR a day.
-- Who acts on red:   the payments team reads the reject reasons of the day and rolls back what changed.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('payments_rejected', 'Payments rejected', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE rejected_at <= now()) / nullif(count(*), 0)
    FROM webbank.payments
    WHERE created_at >= current_date - 1 AND created_at < current_date
$value$, 'Share of yesterday''s payments that were rejected.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'REJC' WHERE metric_id = 'payments_rejected';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'About 1.6 % is the ordinary mixture of typing errors and empty accounts. Red means that we turn away customers for a reason of our own, usually a release or a provider.',
    methodology = 'Rows of webbank.payments by created_at on the day before today (Europe/Berlin), all schemes; numerator: those with rejected_at up to now. By number of payments, not by amount.',
    notes = 'On red the payments team reads the reject reasons of the day and rolls back what changed. A rejected payment costs about 4 EUR in calls: at 4 percent of 5,800 payments that is 900 EUR a day.'
WHERE metric_id = 'payments_rejected';

UPDATE heartbeat.metric_registry SET
    norm_value = 2.8, alert_value = 4.0, unit = '%', alert_after = 2,
    threshold_basis = 'Service level agreed with the call centre: it is staffed for rejections up to 2.8 %, and closes its chat above 4 %.',
    cross_check_sql = $check$
        SELECT 100.0 - 100.0 * sum(done) / nullif(sum(started), 0)
        FROM (
            SELECT scheme, count(*) AS started, count(*) FILTER (WHERE NOT coalesce(rejected_at <= now(), FALSE)) AS done
            FROM webbank.payments
            WHERE CAST(created_at AS DATE) = current_date - 1 AND created_at <= now()
            GROUP BY scheme
        ) AS by_scheme
    $check$
WHERE metric_id = 'payments_rejected';
