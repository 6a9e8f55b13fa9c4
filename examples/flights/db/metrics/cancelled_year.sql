-- cancelled_year: what the insurance contract is settled by.
-- Whose job: the risk manager. Each cancelled departure above the deductible costs about 10,000 USD.
-- Who acts on red: the risk manager calls the insurer before the year ends.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('cancelled_year', 'Cancelled departures this year', 'year', $value$
    SELECT count(*)
    FROM nyc.flights
    WHERE dep_time IS NULL AND time_hour >= date_trunc('year', current_date) AND time_hour + to_minutes(minute) <= now()
$value$, 'Departures cancelled since 1 January.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'CANY' WHERE metric_id = 'cancelled_year';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Counts up through the year; 8,255 in 2013.',
    methodology = 'Counts rows of nyc.flights without dep_time, by scheduled minute (time_hour and minute) from 1 January (America/New_York) to now.',
    unit        = 'flights',
    notes       = 'On red the risk manager calls the insurer before the year ends. Each cancelled departure above the deductible costs about 10,000 USD.'
WHERE metric_id = 'cancelled_year';

UPDATE heartbeat.metric_registry
SET norm_value = 8000, alert_value = 12000,
    threshold_basis = 'Insurance contract: deductible of 8,000 cancellations a year, limit of 12,000'
WHERE metric_id = 'cancelled_year';
