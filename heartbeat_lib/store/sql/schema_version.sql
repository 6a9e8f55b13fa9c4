-- The migrations that were applied, in order. One row each.
SELECT number, name, sha256 FROM heartbeat.schema_version ORDER BY number
