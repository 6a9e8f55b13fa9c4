-- The deploy's one call: all living files' rows in, the plan (or the refusals) out.
SELECT heartbeat.apply_registry(
    p_rows => %(rows)s::jsonb,
    p_expected_version => %(expected)s,
    p_actor => %(actor)s,
    p_reason => %(reason)s,
    p_commit => %(commit)s,
    p_uncommitted => %(uncommitted)s,
    p_allow_retirements => %(allow_retirements)s,
    p_dry_run => %(dry_run)s
)
