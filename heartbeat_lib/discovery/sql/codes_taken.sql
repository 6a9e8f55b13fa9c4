-- Codes that a metric bears, living or retired, or that the draft of another open candidate has; each once.
SELECT code FROM heartbeat.metric_registry WHERE code IS NOT NULL
UNION
SELECT last_row ->> 'code' FROM heartbeat.metric_retirement WHERE last_row ->> 'code' IS NOT NULL
UNION
SELECT draft ->> 'code' FROM heartbeat.candidate
WHERE candidate_id <> %(candidate_id)s AND dropped_at IS NULL AND draft ->> 'code' IS NOT NULL
