-- One number that a person counted, through the door. One row with {changed, refusals, row}.
SELECT heartbeat.count_by_hand(
    p_metric_id => %(metric_id)s, p_period => %(period)s, p_period_start => %(period_start)s, p_value => %(value)s,
    p_source => %(source)s, p_actor => %(actor)s, p_actor_proved => %(proved)s, p_via => %(via)s)
