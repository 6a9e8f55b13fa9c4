-- Living metrics that a batch is to look at, by id: those named; with `unverified` those that nobody signed; with `older_than` those
-- whose present meaning was not looked at since then, or never. With `since`, what was looked at after that instant is left out.
SELECT living.metric_id
FROM heartbeat.metric_registry AS living
LEFT JOIN LATERAL (
    SELECT max(done.at) AS at
    FROM heartbeat.metric_audit AS done
    WHERE done.metric_id = living.metric_id AND done.definition_hash = living.definition_hash
) AS last ON true
WHERE (living.metric_id = ANY (%(ids)s)
       OR %(unverified)s AND living.verification_state = 'unverified'
       OR coalesce(last.at, '-infinity') < %(older_than)s::timestamptz)
  AND (%(since)s::timestamptz IS NULL OR coalesce(last.at, '-infinity') < %(since)s)
ORDER BY living.metric_id
