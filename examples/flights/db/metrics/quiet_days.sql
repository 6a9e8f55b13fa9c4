-- quiet_days: how long the airports have run without a day that broke.
-- Whose job: the duty managers' round. There is no red: it is a number to be proud of.

INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('quiet_days', 'Days since a broken day', 'day', $value$
    SELECT date_diff('day', max(day), current_date)
    FROM (
        SELECT CAST(time_hour AS DATE) AS day
        FROM nyc.flights
        WHERE time_hour < current_date
        GROUP BY ALL
        HAVING count(*) FILTER (WHERE dep_time IS NULL) > 0.1 * count(*)
    ) AS broken
$value$, 'Days since more than a tenth of a day''s departures were cancelled.', ARRAY['nyc.flights']);

UPDATE heartbeat.metric_registry SET code = 'QUIE' WHERE metric_id = 'quiet_days';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Days; no value before the first broken day of the year.',
    methodology = 'From the last local day before today on which more than 10 % of the rows of nyc.flights have no dep_time, to today.',
    unit        = 'days'
WHERE metric_id = 'quiet_days';
