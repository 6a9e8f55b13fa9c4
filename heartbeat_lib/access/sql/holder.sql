-- Whose token this is, unless revoked; and whether its last use was noted longer than a minute ago.
SELECT name, role, coalesce(last_used < now() - interval '1 minute', true)
FROM heartbeat.api_token
WHERE hash = %(hash)s AND revoked IS NULL
