-- The audit that one run wrote; one row or none.
SELECT metric_id, audit_date, report, verdict, layers, notebook
FROM heartbeat.metric_audit
WHERE run_id = %(run_id)s
