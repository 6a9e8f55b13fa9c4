-- One value judged by given thresholds; nothing is read or written.
SELECT status, status_reason
FROM heartbeat.judge(%(value)s::numeric, %(direction)s, %(norm)s, %(alert)s, %(failed)s, %(stale)s)
