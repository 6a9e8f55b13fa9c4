-- What waits for a person: at most one row per living metric, for its first reason; oldest first. A metric that nobody owns, verified
-- or asked about, and that is not red, is not among them.
--   to_retire, to_fix   the last answer, to an audit of the present meaning; whoever verified since has taken a wrong number back
--   red_unowned         red since `since`
--   meaning_changed     a signature came off by a deploy, or the last answer was to another meaning
--   after_red           the present meaning was red, and its owner has not signed
--   audit_old           its newest audit is older than `max_age` (null: none is)
-- audit_date, verdict and report are those of the audit that was answered where the answer is the reason, else of the newest one of
-- the present meaning.
SELECT shown.metric_id, shown.code, shown.name, shown.owner, shown.verification_state, shown.status, shown.row_version,
       waits.reason, waits.since, seen.audit_date, seen.verdict, seen.report, answer.outcome, answer.why AS answered_why, answer.actor AS answered_by
FROM heartbeat.metric_shown AS shown
LEFT JOIN LATERAL (
    SELECT review.*
    FROM heartbeat.metric_review AS review
    WHERE review.metric_id = shown.metric_id
    ORDER BY review.review_id DESC
    LIMIT 1
) AS answer ON true
LEFT JOIN LATERAL (
    SELECT audit.audit_id, audit.at
    FROM heartbeat.metric_audit AS audit
    WHERE audit.metric_id = shown.metric_id AND audit.definition_hash = shown.definition_hash
    ORDER BY audit.audit_id DESC
    LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT change.at, change.via = 'deploy' AND change.before ->> 'definition_hash' <> change.after ->> 'definition_hash' AS by_meaning
    FROM heartbeat.registry_change AS change
    WHERE shown.verification_state = 'unverified' AND change.metric_id = shown.metric_id
      AND change.before ->> 'verification_state' = 'verified' AND change.after ->> 'verification_state' = 'unverified'
    ORDER BY change.change_id DESC
    LIMIT 1
) AS unsigned ON true
LEFT JOIN LATERAL (
    SELECT max(change.at) AS at
    FROM heartbeat.registry_change AS change
    WHERE change.metric_id = shown.metric_id AND change.before ->> 'definition_hash' <> change.after ->> 'definition_hash'
) AS redefined ON true
LEFT JOIN LATERAL (
    SELECT min(kept.period_start) AS first
    FROM heartbeat.metric_history AS kept
    WHERE shown.verification_state = 'unverified' AND kept.metric_id = shown.metric_id AND kept.period = shown.period
      AND kept.status = 'red' AND kept.definition_hash = shown.definition_hash AND (shown.judge = 'running' OR kept.settled)
) AS red ON true
LEFT JOIN LATERAL (
    SELECT kept.period_start AS since
    FROM heartbeat.metric_history AS kept
    WHERE shown.status = 'red' AND shown.owner IS NULL AND kept.metric_id = shown.metric_id AND kept.period = shown.period
      AND (shown.judge = 'running' OR kept.settled)
      AND kept.period_start > coalesce((
          SELECT max(before.period_start)
          FROM heartbeat.metric_history AS before
          WHERE before.metric_id = shown.metric_id AND before.period = shown.period AND before.status <> 'red'
            AND before.period_start < shown.period_start AND (shown.judge = 'running' OR before.settled)
      ), '-infinity')
    ORDER BY kept.period_start
    LIMIT 1
) AS run ON true
CROSS JOIN LATERAL (
    SELECT possible.reason, possible.since
    FROM (VALUES
        (1, 'to_retire', answer.at, answer.outcome = 'not-worth-keeping' AND answer.definition_hash = shown.definition_hash),
        (2, 'to_fix', answer.at, answer.outcome = 'wrong-number' AND answer.definition_hash = shown.definition_hash
            AND shown.verification_state = 'unverified'),
        -- A backfill tells of reds long before anybody could have looked.
        (3, 'red_unowned', greatest(run.since, shown.created_at), shown.status = 'red' AND shown.owner IS NULL),
        (4, 'meaning_changed', redefined.at, shown.owner IS NOT NULL AND shown.verification_state = 'unverified' AND redefined.at IS NOT NULL
            AND (coalesce(unsigned.by_meaning, false) OR coalesce(answer.definition_hash <> shown.definition_hash, false))),
        (5, 'after_red', greatest(red.first, shown.created_at, unsigned.at), shown.owner IS NOT NULL AND red.first IS NOT NULL),
        (6, 'audit_old', newest.at + %(max_age)s::interval, newest.at + %(max_age)s::interval < %(now)s::timestamptz
            AND (shown.owner IS NOT NULL OR shown.verification_state = 'verified'))
    ) AS possible (place, reason, since, holds)
    WHERE possible.holds
    ORDER BY possible.place
    LIMIT 1
) AS waits
LEFT JOIN heartbeat.metric_audit AS seen
    ON seen.audit_id = CASE WHEN waits.reason IN ('to_retire', 'to_fix') THEN answer.audit_id ELSE newest.audit_id END
ORDER BY waits.since, shown.metric_id
