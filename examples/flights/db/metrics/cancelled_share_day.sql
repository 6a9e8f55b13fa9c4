-- cancelled_share_day: of the flights that were to leave today, how many did not.
-- Whose job: the duty manager. Red means thousands of stranded passengers: hotels and rebooking at about 200 USD each.
-- Who acts on red: the duty manager opens the irregular-operations room and calls the carriers' hubs.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('cancelled_share_day', 'Cancelled departures', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE dep_time IS NULL) / nullif(count(*), 0)
    FROM nyc.flights
    WHERE time_hour >= current_date AND time_hour + to_minutes(minute) <= now()
$value$, 'Share of today''s scheduled departures that never left.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'CANC' WHERE metric_id = 'cancelled_share_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Below 2 % is an ordinary day; a snow storm reaches 50 %.',
    methodology = 'Numerator: rows of nyc.flights without dep_time. Denominator: all rows of the local day whose scheduled minute (time_hour and minute) has come. A cancellation counts from that minute on. Percent.',
    unit        = '%',
    notes       = 'On red the duty manager opens the irregular-operations room and calls the carriers'' hubs. Each stranded passenger costs about 200 USD for hotel and rebooking.'
WHERE metric_id = 'cancelled_share_day';

UPDATE heartbeat.metric_registry
SET norm_value = 5, alert_value = 20,
    threshold_basis = 'Slot rule of the airports: 80 % of the slots must be used, 5 % is the carriers'' own commitment'
WHERE metric_id = 'cancelled_share_day';
