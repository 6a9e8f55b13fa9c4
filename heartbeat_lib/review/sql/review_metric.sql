-- One person's answer to an audit, through the door. One row with {changed, refusals, row, review_id, audit_id}.
SELECT heartbeat.review_metric(
    p_metric_id => %(metric_id)s, p_outcome => %(outcome)s, p_why => %(why)s, p_patch => %(patch)s::jsonb,
    p_row_version => %(row_version)s, p_actor => %(actor)s, p_actor_proved => %(proved)s, p_via => %(via)s,
    p_owner_signs => %(owner_signs)s)
