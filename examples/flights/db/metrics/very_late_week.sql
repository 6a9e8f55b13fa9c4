-- very_late_week: the flights that end in letters from lawyers.
-- Whose job: customer relations. Each costs about 600 USD per passenger where compensation is due.
-- Who acts on red: customer relations takes two people from the phones to the letters.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('very_late_week', 'Flights three hours late', 'week', $value$
    SELECT count(*)
    FROM nyc.flights
    WHERE dep_delay >= 180
        AND time_hour + to_minutes(minute + dep_delay) BETWEEN date_trunc('week', current_date) AND now()
$value$, 'Flights that left three hours late or more this week.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'VLAT' WHERE metric_id = 'very_late_week';

UPDATE heartbeat.metric_registry
SET how_to_read = 'About 60 a week; above 200 letters stay unanswered beyond the deadline.',
    methodology = 'Counts rows of nyc.flights with dep_delay of at least 180 minutes that left (scheduled minute plus dep_delay) from Monday 0:00 (America/New_York) to now.',
    unit        = 'flights',
    notes       = 'On red the head of customer relations takes two people from the phones to the letters. Each such flight costs about 600 USD per passenger where compensation is due.'
WHERE metric_id = 'very_late_week';

UPDATE heartbeat.metric_registry
SET norm_value = 120, alert_value = 200,
    threshold_basis = 'Capacity of customer relations: two people answer 120 cases a week, four answer 200'
WHERE metric_id = 'very_late_week';
