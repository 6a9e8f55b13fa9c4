-- instant_slow: instant payments that took longer than the ten seconds the law gives us.
--
-- Whose job it is:   the head of payments reports this share to the supervisor every quarter.
-- What red costs:    lasting breaches are fined; for a bank of our size counsel reckons with 250,000 EUR and more.
-- Who acts on red:   the payments team, together with the clearing provider, on the day that it turns amber.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('instant_slow', 'Instant payments over 10 seconds', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE epoch(least(settled_at, rejected_at, now())) - epoch(created_at) > 10)
        / nullif(count(*), 0)
    FROM webbank.payments
    WHERE scheme = 'instant' AND created_at >= current_date - 7 AND created_at < current_date
$value$, 'Share of the last seven days'' instant payments that were not answered within 10 seconds.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'INST' WHERE metric_id = 'instant_slow';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Three in a thousand is what our provider delivers. Red means that one customer in a hundred stood at a till or a screen and waited, and that the supervisor will see it in the quarter''s report.',
    methodology = 'Rows of webbank.payments with scheme instant by created_at in the seven whole days before today (Europe/Berlin). Slow: more than 10 seconds from created_at to settled_at or rejected_at, or to now where neither has happened yet.',
    notes = 'From amber on the payments team acts together with the clearing provider, the same day. Lasting breaches are fined: for a bank of our size counsel reckons with 250,000 EUR and more.'
WHERE metric_id = 'instant_slow';

UPDATE heartbeat.metric_registry SET
    norm_value = 0.7, alert_value = 1.0, unit = '%', alert_after = 2,
    threshold_basis = 'EU Instant Payments Regulation 2024/886: 10 seconds. The shares are our clearing contract: 0.7 % is its service level, 1.0 % its penalty clause.',
    cross_check_sql = $check$
        SELECT 100.0 - 100.0 * sum(CASE
                WHEN settled_at <= created_at + INTERVAL '10 seconds' THEN 1
                WHEN rejected_at <= created_at + INTERVAL '10 seconds' THEN 1
                ELSE 0 END) / nullif(count(*), 0)
        FROM webbank.payments
        WHERE scheme = 'instant' AND CAST(created_at AS DATE) BETWEEN current_date - 7 AND current_date - 1
            AND created_at >= current_date - 8
    $check$
WHERE metric_id = 'instant_slow';
