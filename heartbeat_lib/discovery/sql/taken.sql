-- Whether a metric has this id: one row for a living one (retired_at is null) or for the last retirement of it, else none.
SELECT living.name, NULL::timestamptz AS retired_at, NULL AS retired_by, NULL AS reason
FROM heartbeat.metric_registry AS living
WHERE living.metric_id = %(metric_id)s
UNION ALL
(
    SELECT gone.last_row ->> 'name', gone.retired_at, gone.retired_by, gone.reason
    FROM heartbeat.metric_retirement AS gone
    WHERE gone.metric_id = %(metric_id)s
    ORDER BY gone.retired_at DESC
    LIMIT 1
)
ORDER BY retired_at NULLS FIRST
LIMIT 1
