-- departures_day: how many flights the three airports were to send off today.
-- Whose job: the port authority's capacity desk. Fees follow movements: a day of 700 instead of 1,000 costs a third of them.
-- Who acts on red: the desk calls the carriers; a schedule that shrinks is announced weeks before it shows here.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('departures_day', 'Scheduled departures', 'day', $value$
    SELECT count(*)
    FROM nyc.flights
    WHERE time_hour >= current_date AND time_hour + to_minutes(minute) <= now()
$value$, 'Flights scheduled to leave New York today, up to now.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'DEPS' WHERE metric_id = 'departures_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'About 980 on a working day, 750 on Saturdays. Low is bad; it fills up in the course of the day.',
    methodology = 'Counts rows of nyc.flights by scheduled minute (time_hour and minute) on the local day (America/New_York) up to now. Cancelled flights count.',
    unit        = 'flights',
    notes       = 'On red the capacity desk calls the carriers. Fees follow movements: a day of 700 instead of 1,000 costs a third of them.'
WHERE metric_id = 'departures_day';

UPDATE heartbeat.metric_registry
SET norm_value = 700, alert_value = 500, judge = 'closed',
    threshold_basis = 'Capacity contract: fee guarantee from 700 movements a day, staffing of one terminal shift at 500'
WHERE metric_id = 'departures_day';
