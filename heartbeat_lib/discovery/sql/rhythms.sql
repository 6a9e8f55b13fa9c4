-- How often each source usually brings rows, as ticks saw it; one row per source schema with a known rhythm.
SELECT source_schema, usual_rhythm
FROM heartbeat.source_state
WHERE usual_rhythm IS NOT NULL
ORDER BY source_schema
