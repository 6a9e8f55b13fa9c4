-- Log lines whose `before` is not the previous line's `after`. One row per broken link; a retired metric's next line is an insert.
SELECT chain.metric_id AS subject,
       concat('change ', chain.change_id, ' does not begin where change ', coalesce(chain.previous_id::text, '(none)'), ' ended') AS detail
FROM (
    SELECT metric_id, change_id, before, lag(after) OVER one AS previous, lag(change_id) OVER one AS previous_id
    FROM heartbeat.registry_change
    WINDOW one AS (PARTITION BY metric_id ORDER BY change_id)
) AS chain
WHERE (chain.before IS NULL) <> (chain.previous IS NULL)
   OR EXISTS (
        SELECT FROM jsonb_each(chain.previous) AS logged
        WHERE logged.value IS DISTINCT FROM chain.before -> logged.key
   )
ORDER BY chain.change_id
