-- The newest audit of each living metric that has one, or of one metric; one row each, by id. present_meaning: nothing was deployed
-- since that changed what the number means.
SELECT living.metric_id, newest.audit_id, newest.audit_date, newest.at, newest.as_of, newest.auditor, newest.verdict, newest.layers,
       newest.report, newest.notebook, newest.definition_hash = living.definition_hash AS present_meaning
FROM heartbeat.metric_registry AS living
CROSS JOIN LATERAL (
    SELECT audit.*
    FROM heartbeat.metric_audit AS audit
    WHERE audit.metric_id = living.metric_id
    ORDER BY audit.audit_id DESC
    LIMIT 1
) AS newest
WHERE %(metric_id)s::text IS NULL OR living.metric_id = %(metric_id)s
ORDER BY living.metric_id
