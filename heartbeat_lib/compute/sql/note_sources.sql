-- What this tick saw of each source schema. `attempt`: 'failed', 'worked', or null where this tick loaded nothing.
-- A schema that does not tell when it was loaded keeps what was known.
WITH seen AS (
    SELECT s.*, before.last_load AS known, before.loads, coalesce(before.failed_loads, 0) AS failures, before.last_error,
           CASE WHEN s.loaded > before.last_load OR before.last_load IS NULL THEN s.loaded END AS news
    FROM jsonb_to_recordset(%(sources)s::jsonb) AS s (
        source_schema text, loaded timestamptz, attempt text, error text, max_age_s double precision
    )
    LEFT JOIN heartbeat.source_state AS before USING (source_schema)
), grown AS (
    SELECT seen.*,
           CASE WHEN news IS NULL THEN coalesce(loads, '{}') ELSE (loads || news)[greatest(1, cardinality(loads) - 18):] END AS all_loads
    FROM seen
)
INSERT INTO heartbeat.source_state
    (source_schema, last_load, loads, usual_rhythm, failed_loads, last_error, max_age, seen_at)
SELECT source_schema, coalesce(news, known), all_loads,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap.span)
        FROM (SELECT l.at - lag(l.at) OVER (ORDER BY l.at) AS span FROM unnest(all_loads) AS l (at)) AS gap),
       CASE attempt WHEN 'failed' THEN failures + 1 WHEN 'worked' THEN 0 ELSE failures END,
       CASE WHEN attempt IS NULL THEN last_error ELSE error END,
       make_interval(secs => max_age_s), %(seen_at)s
FROM grown
ON CONFLICT (source_schema) DO UPDATE SET
    last_load    = excluded.last_load,
    loads        = excluded.loads,
    usual_rhythm = excluded.usual_rhythm,
    failed_loads = excluded.failed_loads,
    last_error   = excluded.last_error,
    max_age      = excluded.max_age,
    seen_at      = excluded.seen_at
