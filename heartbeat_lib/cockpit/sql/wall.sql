-- Living metrics as their tiles show them, or one of them; one row each, no order. Only judged periods are looked at: where
-- finished periods are judged, settled ones.
--   recent      the last values, oldest first, null where there was none; `n` counts them
--   older_at, failed_at   places counted from the newest (1): the latest of another meaning, and all that failed
--   since       start of the first period of the present run of the shown status; a period that was never kept breaks no run
--   good_value, good_start   the last value of the present meaning, where the shown period failed and has none
--   unsigned_at, unsigned_by_meaning   when the last signature came off, and whether a deployed meaning took it
-- `before` compares status and start as one row, because so only metric_history_status can answer it; otherwise the planner walks
-- through the whole run.
-- A band of another meaning is none. No double holds what lies beyond 1e300; such a value is a gap in the picture. Only what has
-- more than 300 decimals is rounded: to round every value would take as long as all the rest.
SELECT shown.metric_id, shown.code, shown.name, shown.period, shown.sources, shown.how_to_read, shown.methodology, shown.unit,
       shown.direction, shown.judge, shown.benchmark_kind, shown.norm_value, shown.alert_value, shown.threshold_basis,
       shown.target_value, shown.target_due_date, shown.owner, shown.verification_state, shown.row_version, shown.changed_at,
       shown.changed_by, shown.definition_hash, shown.description, shown.notes, shown.value_sql,
       shown.value, shown.status, shown.status_reason, shown.period_start, shown.computed_at, shown.attempted_at, shown.source_as_of,
       shown.error, shown.settled, band.benchmark_mean, band.benchmark_stddev, band.n AS benchmark_n,
       coalesce(recent.recent, '{}') AS recent, recent.n, recent.older_at, coalesce(recent.failed_at, '{}') AS failed_at,
       run.since, good.value AS good_value, good.period_start AS good_start,
       unsigned.at AS unsigned_at, coalesce(unsigned.by_meaning, false) AS unsigned_by_meaning,
       audit.audit_date, audit.verdict AS audit_verdict, audit.definition_hash = shown.definition_hash AS audit_present
FROM heartbeat.metric_shown AS shown
LEFT JOIN heartbeat.metric_benchmark AS band
    ON band.metric_id = shown.metric_id AND band.definition_hash = shown.definition_hash AND shown.benchmark_kind = 'rolling_stat'
CROSS JOIN LATERAL (
    SELECT array_agg(CASE WHEN abs(last.value) >= 1e300 THEN NULL WHEN scale(last.value) > 300 THEN round(last.value, 300)
                          ELSE last.value END::double precision ORDER BY back DESC) AS recent,
           count(*)::integer AS n,
           min(back) FILTER (WHERE last.definition_hash <> shown.definition_hash)::integer AS older_at,
           array_agg(back::integer) FILTER (WHERE last.error IS NOT NULL) AS failed_at
    FROM (
        SELECT kept.value, kept.definition_hash, kept.error, row_number() OVER (ORDER BY kept.period_start DESC) AS back
        FROM heartbeat.metric_history AS kept
        WHERE kept.metric_id = shown.metric_id AND kept.period = shown.period AND (shown.judge = 'running' OR kept.settled)
        ORDER BY kept.period_start DESC
        LIMIT %(periods)s
    ) AS last
) AS recent
LEFT JOIN LATERAL (
    SELECT first.period_start AS since
    FROM heartbeat.metric_history AS first
    WHERE first.metric_id = shown.metric_id AND first.period = shown.period AND (shown.judge = 'running' OR first.settled)
      AND first.period_start > coalesce((
          SELECT max(broken.at)
          FROM unnest(ARRAY['red', 'amber', 'grey', 'green']) AS other (status)
          CROSS JOIN LATERAL (
              SELECT before.period_start AS at
              FROM heartbeat.metric_history AS before
              WHERE before.metric_id = shown.metric_id AND before.period = shown.period AND (shown.judge = 'running' OR before.settled)
                AND before.status >= other.status AND (before.status, before.period_start) < (other.status, shown.period_start)
              ORDER BY before.status DESC, before.period_start DESC
              LIMIT 1
          ) AS broken
          WHERE other.status <> shown.status
      ), '-infinity')
    ORDER BY first.period_start
    LIMIT 1
) AS run ON true
LEFT JOIN LATERAL (
    SELECT kept.value, kept.period_start
    FROM heartbeat.metric_history AS kept
    WHERE shown.status_reason = 'failed' AND shown.value IS NULL AND kept.metric_id = shown.metric_id AND kept.period = shown.period
      AND kept.definition_hash = shown.definition_hash AND kept.value IS NOT NULL AND kept.period_start < shown.period_start
      AND (shown.judge = 'running' OR kept.settled)
    ORDER BY kept.period_start DESC
    LIMIT 1
) AS good ON true
LEFT JOIN LATERAL (
    SELECT change.at, change.via = 'deploy' AND change.before ->> 'definition_hash' <> change.after ->> 'definition_hash' AS by_meaning
    FROM heartbeat.registry_change AS change
    WHERE shown.verification_state = 'unverified' AND change.metric_id = shown.metric_id
      AND change.before ->> 'verification_state' = 'verified' AND change.after ->> 'verification_state' = 'unverified'
    ORDER BY change.change_id DESC
    LIMIT 1
) AS unsigned ON true
LEFT JOIN LATERAL (
    SELECT newest.audit_date, newest.verdict, newest.definition_hash
    FROM heartbeat.metric_audit AS newest
    WHERE newest.metric_id = shown.metric_id
    ORDER BY newest.audit_id DESC
    LIMIT 1
) AS audit ON true
WHERE %(metric_id)s::text IS NULL OR shown.metric_id = %(metric_id)s
