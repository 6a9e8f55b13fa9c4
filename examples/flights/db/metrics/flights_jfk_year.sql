-- flights_jfk_year: the movements that the fees of JFK are settled by.
-- Whose job: billing. There is no red: it counts up through the year.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('flights_jfk_year', 'Flights from JFK this year', 'year', $value$
    SELECT count(*)
    FROM nyc.flights
    WHERE origin = 'JFK' AND time_hour >= date_trunc('year', current_date) AND time_hour + to_minutes(minute) <= now()
$value$, 'Flights scheduled from JFK since 1 January.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'FJFK' WHERE metric_id = 'flights_jfk_year';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Counts up through the year; 111,279 in 2013.',
    methodology = 'Counts rows of nyc.flights with origin JFK, by scheduled minute (time_hour and minute) from 1 January (America/New_York) to now. Cancelled flights count.',
    unit        = 'flights'
WHERE metric_id = 'flights_jfk_year';
