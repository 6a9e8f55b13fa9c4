-- Changes of the registry, newest first: all, or one metric's, or those since an instant. `fields`: what differs, without what
-- every change touches.
SELECT change.change_id, change.metric_id, change.action, change.at, change.actor, change.actor_proved, change.via, change.reason,
       change.commit_id, change.uncommitted, change.before, change.after,
       ARRAY(
           SELECT coalesce(b.key, a.key)
           FROM jsonb_each(change.before) AS b
           FULL JOIN jsonb_each(change.after) AS a ON a.key = b.key
           WHERE a.value IS DISTINCT FROM b.value AND change.action = 'update'
             AND coalesce(b.key, a.key) NOT IN ('row_version', 'changed_at', 'changed_by', 'changed_via', 'change_reason', 'change_commit',
                                                'change_uncommitted', 'change_proved', 'hash_version')
           ORDER BY 1
       ) AS fields
FROM heartbeat.registry_change AS change
WHERE (%(metric_id)s::text IS NULL OR change.metric_id = %(metric_id)s)
  AND (%(since)s::timestamptz IS NULL OR change.at >= %(since)s)
ORDER BY change.change_id DESC
LIMIT %(limit)s
