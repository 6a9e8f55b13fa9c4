-- Lines of people's records whose session belonged to none of the doors' logins: somebody became the guard. One row per line.
SELECT written.metric_id AS subject,
       concat(written.what, ' ', written.id, ' of ', to_char(written.at, 'YYYY-MM-DD HH24:MI'), ' was written by ', written.session_login) AS detail
FROM (
    SELECT 'change' AS what, change_id AS id, metric_id, at, session_login FROM heartbeat.registry_change
    UNION ALL
    SELECT 'review', review_id, metric_id, at, session_login FROM heartbeat.metric_review
    UNION ALL
    SELECT 'hand count', count_id, metric_id, at, session_login FROM heartbeat.metric_hand_count
) AS written
WHERE written.session_login <> ALL (%(door_logins)s::text[])
ORDER BY written.what, written.id
