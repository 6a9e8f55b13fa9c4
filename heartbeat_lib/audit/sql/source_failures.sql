-- What ticks noted of loads that failed: the loader's own books only know of loads that got as far as the marts. One row per
-- source schema with a failure since its last load that worked.
SELECT source_schema, failed_loads, last_error
FROM heartbeat.source_state
WHERE failed_loads > 0 AND source_schema = ANY (%(schemas)s)
