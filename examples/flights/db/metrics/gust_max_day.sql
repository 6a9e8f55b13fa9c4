-- gust_max_day: what the wind does to the runways today.
-- Whose job: the duty manager. Above 50 mph a runway closes: a third of the departures for as long as it blows.
-- Who acts on red: the tower closes the crossing runway.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('gust_max_day', 'Strongest gust of wind', 'day', $value$
    SELECT max(wind_gust)
    FROM nyc.weather
    WHERE time_hour >= current_date AND time_hour <= now()
$value$, 'Strongest gust of wind measured today at any of the three airports.', ARRAY['nyc.weather']);

UPDATE heartbeat.metric_registry SET code = 'GUST' WHERE metric_id = 'gust_max_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Miles an hour; no value on a day on which no gust was measured.',
    methodology = 'Maximum of wind_gust over rows of nyc.weather by time_hour on the local day up to now, the three airports together.',
    unit        = 'mph',
    notes       = 'On red the duty manager has to have the crossing runway closed by the tower. Above 50 mph it is unsafe, and a third of the departures is lost for as long as it blows.'
WHERE metric_id = 'gust_max_day';

UPDATE heartbeat.metric_registry
SET norm_value = 40, alert_value = 50,
    threshold_basis = 'Runway rule: ramp work stops at 40 mph, the crossing runway closes at 50'
WHERE metric_id = 'gust_max_day';
