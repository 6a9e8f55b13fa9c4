-- The last load that brought rows, per source schema, as the last tick saw it.
SELECT source_schema, last_load FROM heartbeat.source_state WHERE last_load IS NOT NULL
