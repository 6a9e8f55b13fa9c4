-- One person's decision about one metric, through the door. One row with {changed, refusals, row}.
SELECT heartbeat.patch_verification(
    p_metric_id => %(metric_id)s, p_patch => %(patch)s::jsonb, p_row_version => %(row_version)s, p_actor => %(actor)s,
    p_actor_proved => %(proved)s, p_via => %(via)s, p_reason => %(reason)s, p_owner_signs => %(owner_signs)s)
