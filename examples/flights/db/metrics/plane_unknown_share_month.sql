-- plane_unknown_share_month: the flights that cannot be billed by weight, because the plane is not in the register.
-- Whose job: billing. Such a flight is billed at the lowest rate, about 300 USD too little.
-- Who acts on red: billing asks the carriers for their fleet lists.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('plane_unknown_share_month', 'Flights of unknown planes', 'month', $value$
    SELECT 100.0 * count(*) FILTER (WHERE planes.tailnum IS NULL) / nullif(count(*), 0)
    FROM nyc.flights AS flights
    LEFT JOIN nyc.planes AS planes ON planes.tailnum = flights.tailnum
    WHERE flights.time_hour >= date_trunc('month', current_date) AND flights.time_hour + to_minutes(flights.minute) <= now()
$value$, 'Share of this month''s flights whose plane is not in the register.', ARRAY['nyc.flights', 'nyc.planes']);

UPDATE heartbeat.metric_registry SET code = 'PLNU' WHERE metric_id = 'plane_unknown_share_month';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Percent; about 15. Two carriers report fleet numbers instead of tail numbers.',
    methodology = 'Numerator: rows of nyc.flights without a row in nyc.planes by tailnum. Denominator: all rows by scheduled minute (time_hour and minute) in the local month up to now.',
    unit        = '%',
    notes       = 'On red the billing team asks the carriers for their fleet lists. A flight of an unknown plane is billed at the lowest rate: about 300 USD are lost on each.'
WHERE metric_id = 'plane_unknown_share_month';

UPDATE heartbeat.metric_registry
SET norm_value = 20, alert_value = 25,
    threshold_basis = 'Billing rule: the register is asked for a correction from 20 %, the auditors object from 25 %'
WHERE metric_id = 'plane_unknown_share_month';
