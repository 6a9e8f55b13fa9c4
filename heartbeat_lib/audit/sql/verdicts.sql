-- Pairs of values judged by the thresholds in force, as every tick judges: would the verdict flip? One row per pair, by `at`.
SELECT pair.at, was.status AS was, would.status AS would
FROM jsonb_to_recordset(%(pairs)s::jsonb) AS pair (at integer, stored numeric, recomputed numeric, stale boolean)
CROSS JOIN (SELECT direction, norm_value, alert_value FROM heartbeat.metric_registry WHERE metric_id = %(metric_id)s) AS living
CROSS JOIN LATERAL heartbeat.judge(pair.stored, living.direction, living.norm_value, living.alert_value, false, pair.stale) AS was
CROSS JOIN LATERAL heartbeat.judge(pair.recomputed, living.direction, living.norm_value, living.alert_value, false, pair.stale) AS would
ORDER BY pair.at
