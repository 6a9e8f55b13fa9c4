-- payments_today: payments started since midnight: is the bank's engine running, and how fast?
--
-- Whose job it is:   the operations desk glances at it all day; nobody is judged by it.
-- What red costs:    none by itself. It is the first thing everybody asks for when another number looks odd.
-- Who acts on red:   nobody. It has no thresholds on purpose: a number that starts at zero every midnight has no fixed right size.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('payments_today', 'Payments started today', 'day', $value$
    SELECT count(*)
    FROM webbank.payments
    WHERE created_at >= current_date AND created_at <= now()
$value$, 'Payments of all schemes that customers have started since midnight.', ARRAY['webbank.payments']);

UPDATE heartbeat.metric_registry SET code = 'PAYD' WHERE metric_id = 'payments_today';

UPDATE heartbeat.metric_registry SET
    how_to_read = 'Climbs from zero at midnight to about 5,800 on a working day and 2,600 on a Sunday. Compare it with the same hour of another day, never with yesterday''s total.',
    methodology = 'Counts rows of webbank.payments by created_at from midnight (Europe/Berlin) to now. Rejected payments count: they were started.'
WHERE metric_id = 'payments_today';

UPDATE heartbeat.metric_registry SET
    unit = 'payments',
    notes = 'No thresholds by decision: the judged form of this question is payments_vs_usual.'
WHERE metric_id = 'payments_today';
