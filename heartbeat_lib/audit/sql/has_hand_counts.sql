-- Whether this database keeps hand counts yet; one row.
SELECT to_regclass('heartbeat.metric_hand_count') IS NOT NULL AS kept
