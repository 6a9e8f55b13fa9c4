-- instant_unanswered: instant payments that hang right now: the money has left the payer and has not arrived.
--
-- Whose job it is:   the operations desk, day and night.
-- What red costs:    each one ends in a call and a refund of about 30 EUR; ten at once are an outage, and an outage is in the papers.
-- Who acts on red:   the operations desk pushes them by hand within the hour, and calls the clearing provider from ten on.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('instant_unanswered', 'Instant payments without answer', 'hour', $value$
    SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (
        WHERE (settled_at IS NULL OR settled_at > now()) AND (rejected_at IS NULL OR rejected_at > now())
    ) END
    FROM webbank.payments
    WHERE scheme = 'instant'
        AND created_at >= now() - INTERVAL '24 hours' AND created_at < now() - INTERVAL '1 minute'
$value$, 'Instant payments of the last 24 hours that are older than a minute and neither settled nor rejected.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'WAIT' WHERE metric_id = 'instant_unanswered';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Zero or one is normal. Red means that the clearing provider no longer answers: customers see money leave and not arrive.',
    methodology = 'Counts rows of webbank.payments with scheme instant and created_at between 24 hours and one minute ago that have neither settled_at nor rejected_at up to now. No instant payment at all in 24 hours gives no value, because an empty feed is no all-clear.',
    notes = 'The operations desk pushes them by hand within the hour, and on red it calls the clearing provider. Each one ends in a call and a refund of about 30 EUR, and ten at once are an outage.'
WHERE metric_id = 'instant_unanswered';

UPDATE heartbeat.metric_registry SET
    norm_value = 4, alert_value = 10, unit = 'payments',
    threshold_basis = 'Capacity: the operations desk can push four payments in an hour by hand; ten at once are an outage by the clearing contract.'
WHERE metric_id = 'instant_unanswered';
