-- Who migrates: whether a superuser, whether the guard exists already, and the server's version as a number. One row.
SELECT
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
    EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'heartbeat_guard') AS guarded,
    current_setting('server_version_num')::integer AS version
