-- delay_median_day: what an ordinary passenger meets, whatever a few very late flights do to the mean.
-- Whose job: the airports' service desk. Red means that half of all passengers wait: complaints and food vouchers.
-- Who acts on red: the service desk opens the second information counter.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('delay_median_day', 'Median departure delay', 'day', $value$
    SELECT median(dep_delay)
    FROM nyc.flights
    WHERE time_hour + to_minutes(minute + dep_delay) BETWEEN current_date AND now()
$value$, 'Delay of the middle one of the flights that left today.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'DLYP' WHERE metric_id = 'delay_median_day';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Minutes; negative means that the middle flight leaves early, as on most days.',
    methodology = 'Median of dep_delay over rows of nyc.flights that left on the local day up to now: scheduled minute (time_hour and minute) plus dep_delay. A flight of yesterday that leaves after midnight counts today, when its delay is known. Judged on the closed day, because whatever leaves soon after midnight is late. Cancelled flights have no delay and are left out.',
    unit        = 'minutes',
    notes       = 'On red the service desk opens the second information counter. Half of all passengers wait: they complain, and each food voucher costs money.'
WHERE metric_id = 'delay_median_day';

UPDATE heartbeat.metric_registry
SET norm_value = 5, alert_value = 15, judge = 'closed',
    threshold_basis = 'Service charter: information from 5 minutes on, vouchers from 15'
WHERE metric_id = 'delay_median_day';
