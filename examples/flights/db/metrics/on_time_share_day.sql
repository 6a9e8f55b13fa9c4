-- on_time_share_day: the punctuality that carriers advertise with.
-- Whose job: the network planner of each carrier. Below 60 % connections break: rebooking at about 200 USD a passenger.
-- Who acts on red: the planner lengthens the turnaround times of the worst routes.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('on_time_share_day', 'Arrivals on time', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE arr_delay < 15) / nullif(count(*), 0)
    FROM nyc.flights
    WHERE time_hour >= current_date - 1 AND time_hour < current_date
$value$, 'Share of yesterday''s flights that arrived less than 15 minutes late.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'ONTM' WHERE metric_id = 'on_time_share_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Percent, low is bad. A cancelled or diverted flight is not on time. Yesterday''s, because the last ones land in the morning.',
    methodology = 'Numerator: rows of nyc.flights with arr_delay below 15. Denominator: all rows by time_hour, the scheduled hour, on the local day before today. Percent.',
    unit        = '%',
    notes       = 'On red the network planner of a carrier changes the turnaround times of its worst routes. Below 60 % connections break, and rebooking costs about 200 USD a passenger.'
WHERE metric_id = 'on_time_share_day';

UPDATE heartbeat.metric_registry
SET norm_value = 75, alert_value = 60,
    threshold_basis = 'Code-share contracts: target 75 % on time, penalty below 60 %'
WHERE metric_id = 'on_time_share_day';
