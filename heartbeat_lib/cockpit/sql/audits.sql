-- One metric's audits, newest first, each with the last answer to it.
SELECT audit.audit_date, audit.verdict, audit.layers, audit.report, audit.definition_hash, answer.outcome, answer.why, answer.actor, answer.at
FROM heartbeat.metric_audit AS audit
LEFT JOIN LATERAL (
    SELECT review.outcome, review.why, review.actor, review.at
    FROM heartbeat.metric_review AS review
    WHERE review.audit_id = audit.audit_id
    ORDER BY review.review_id DESC
    LIMIT 1
) AS answer ON true
WHERE audit.metric_id = %(metric_id)s
ORDER BY audit.audit_id DESC
