-- Log lines whose session belonged to none of the doors' logins: somebody became the guard. One row per line.
SELECT metric_id AS subject, concat('change ', change_id, ' of ', to_char(at, 'YYYY-MM-DD HH24:MI'), ' was written by ', session_login) AS detail
FROM heartbeat.registry_change
WHERE session_login <> ALL (%(door_logins)s::text[])
ORDER BY change_id
