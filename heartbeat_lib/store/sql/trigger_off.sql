-- Triggers of the guard that are gone, switched off, or fire for less than they should. `type` is pg_trigger's bit mask:
-- 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
SELECT wanted.name AS subject,
       CASE
           WHEN found.oid IS NULL THEN 'is gone from heartbeat.' || wanted.relation
           WHEN found.tgenabled <> 'A' THEN 'on heartbeat.' || wanted.relation || ' is not ENABLE ALWAYS'
           ELSE 'on heartbeat.' || wanted.relation || ' is not the one that Heartbeat made'
       END AS detail
FROM (VALUES
    ('metric_registry', 'metric_registry_guard', 31, 'metric_registry_guard'),
    ('metric_registry', 'metric_registry_guard_truncate', 34, 'metric_registry_guard'),
    ('metric_registry', 'metric_registry_log', 29, 'log_registry_change'),
    ('registry_change', 'registry_change_guard', 7, 'metric_registry_guard'),
    ('registry_change', 'registry_change_append_only', 27, 'append_only'),
    ('registry_change', 'registry_change_append_only_truncate', 34, 'append_only'),
    ('metric_retirement', 'metric_retirement_guard', 7, 'metric_registry_guard'),
    ('metric_retirement', 'metric_retirement_append_only', 27, 'append_only'),
    ('metric_retirement', 'metric_retirement_append_only_truncate', 34, 'append_only'),
    ('metric_observation', 'metric_observation_append_only', 27, 'append_only'),
    ('metric_observation', 'metric_observation_append_only_truncate', 34, 'append_only'),
    ('metric_audit', 'metric_audit_append_only', 27, 'append_only'),
    ('metric_audit', 'metric_audit_append_only_truncate', 34, 'append_only'),
    ('metric_review', 'metric_review_guard', 7, 'metric_registry_guard'),
    ('metric_review', 'metric_review_append_only', 27, 'append_only'),
    ('metric_review', 'metric_review_append_only_truncate', 34, 'append_only'),
    ('metric_hand_count', 'metric_hand_count_guard', 7, 'metric_registry_guard'),
    ('metric_hand_count', 'metric_hand_count_append_only', 27, 'append_only'),
    ('metric_hand_count', 'metric_hand_count_append_only_truncate', 34, 'append_only')
) AS wanted (relation, name, type, function)
LEFT JOIN pg_catalog.pg_trigger AS found
    ON found.tgname = wanted.name AND found.tgrelid = to_regclass('heartbeat.' || wanted.relation) AND NOT found.tgisinternal
WHERE found.oid IS NULL
   OR found.tgenabled <> 'A'
   OR found.tgtype <> wanted.type
   OR found.tgqual IS NOT NULL
   OR found.tgfoid IS DISTINCT FROM to_regprocedure('heartbeat.' || wanted.function || '()')
ORDER BY subject
