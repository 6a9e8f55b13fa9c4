-- Reports that audits of one metric bear for one day, whether their files still lie there or not.
SELECT report FROM heartbeat.metric_audit WHERE metric_id = %(metric_id)s AND audit_date = %(audit_date)s
