-- Two questions that the cockpit asks of every metric each time it looks, answered without walking through years of rows.

-- Since when has this status been on show? The latest earlier row of each other status tells, however long the run is.
CREATE INDEX metric_history_status ON heartbeat.metric_history (metric_id, period, status, period_start);

-- Who or what took the last signature off this metric? Few changes ever do.
CREATE INDEX registry_change_unverified ON heartbeat.registry_change (metric_id, change_id)
    WHERE before ->> 'verification_state' = 'verified' AND after ->> 'verification_state' = 'unverified';
