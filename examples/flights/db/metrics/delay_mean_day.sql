-- delay_mean_day: how late the average flight leaves.
-- Whose job: the duty manager. A minute of delay costs a carrier about 75 USD in crew, fuel and connections.
-- Who acts on red: ground handling gets its second shift early.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('delay_mean_day', 'Mean departure delay', 'day', $value$
    SELECT avg(dep_delay)
    FROM nyc.flights
    WHERE time_hour + to_minutes(minute + dep_delay) BETWEEN current_date AND now()
$value$, 'Mean delay of the flights that left today.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'DLYM' WHERE metric_id = 'delay_mean_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Minutes; early departures count as negative. Around 8 is usual, above 30 the evening falls apart.',
    methodology = 'Mean of dep_delay over rows of nyc.flights that left on the local day up to now: scheduled minute (time_hour and minute) plus dep_delay. A flight of yesterday that leaves after midnight counts today, when its delay is known. Judged on the closed day, because whatever leaves soon after midnight is late. Cancelled flights have no delay and are left out.',
    unit        = 'minutes',
    notes       = 'On red the duty manager calls the second shift of ground handling early. A minute of delay costs a carrier about 75 USD in crew, fuel and connections.'
WHERE metric_id = 'delay_mean_day';

UPDATE heartbeat.metric_registry
SET norm_value = 15, alert_value = 30, judge = 'closed',
    threshold_basis = 'The regulator counts a flight as late from 15 minutes; handling contract: second shift from 30'
WHERE metric_id = 'delay_mean_day';
