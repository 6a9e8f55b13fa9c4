-- What changes whenever the wall does, one row: the last decision or deploy, and the last pass that ended, the last
-- audit, answer and count by hand.
SELECT (SELECT max(change_id) FROM heartbeat.registry_change),
       (SELECT max(ended) FROM heartbeat.run),
       (SELECT max(run_id) FROM heartbeat.run),
       (SELECT max(audit_id) FROM heartbeat.metric_audit),
       (SELECT max(review_id) FROM heartbeat.metric_review),
       (SELECT max(count_id) FROM heartbeat.metric_hand_count)
