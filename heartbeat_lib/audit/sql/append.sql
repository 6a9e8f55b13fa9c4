-- One audit, appended.
INSERT INTO heartbeat.metric_audit
    (metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report, notebook, run_id)
VALUES
    (%(metric_id)s, %(audit_date)s, %(as_of)s, %(auditor)s, %(definition_hash)s, %(verdict)s, %(layers)s::jsonb, %(report)s,
     %(notebook)s, %(run_id)s)
