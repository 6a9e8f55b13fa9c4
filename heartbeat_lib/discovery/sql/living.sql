-- Every living metric with its words, its query and what its tile shows; one row each, by id.
SELECT metric_id, name, description, how_to_read, methodology, notes, sources, value_sql, owner, verification_state, status, status_reason
FROM heartbeat.metric_shown
ORDER BY metric_id
