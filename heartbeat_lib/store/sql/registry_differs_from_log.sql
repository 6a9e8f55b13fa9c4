-- Living rows that are not the last `after` of their log, rows without a log, and logs that say "living" without a row.
-- Columns that came with a later migration are not in older lines: what the line has is compared.
SELECT coalesce(living.metric_id, last.metric_id) AS subject,
       CASE
           WHEN living.metric_id IS NULL THEN 'the log says it lives, and there is no row'
           WHEN last.metric_id IS NULL THEN 'it has no log'
           WHEN last.after IS NULL THEN 'the log says it was retired, and there is a row'
           ELSE coalesce(differing.columns, 'columns are missing') || ' differ'
       END AS detail
FROM (SELECT metric_id, to_jsonb(registry) AS whole FROM heartbeat.metric_registry AS registry) AS living
FULL JOIN (
    SELECT DISTINCT ON (metric_id) metric_id, after FROM heartbeat.registry_change ORDER BY metric_id, change_id DESC
) AS last USING (metric_id)
LEFT JOIN LATERAL (
    SELECT string_agg(logged.key, ', ' ORDER BY logged.key) AS columns
    FROM jsonb_each(last.after) AS logged
    WHERE logged.value IS DISTINCT FROM living.whole -> logged.key
) AS differing ON true
WHERE (living.metric_id IS NULL AND last.after IS NOT NULL)
   OR (living.metric_id IS NOT NULL AND (last.after IS NULL OR differing.columns IS NOT NULL))
ORDER BY subject
