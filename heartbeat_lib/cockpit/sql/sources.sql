-- What ticks know of each source schema, one row each, by name. `last_error` counts only while loads fail.
SELECT source_schema AS schema, last_load, usual_rhythm, max_age, failed_loads, last_error
FROM heartbeat.source_state
ORDER BY source_schema
