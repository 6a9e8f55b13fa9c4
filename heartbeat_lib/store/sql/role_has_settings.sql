-- Settings that our roles carry, in all databases or in one: Heartbeat gives none, its connections set what they need.
SELECT role.rolname AS subject, array_to_string(setting.setconfig, ', ') AS detail
FROM pg_catalog.pg_db_role_setting AS setting
JOIN pg_catalog.pg_roles AS role ON role.oid = setting.setrole
WHERE role.rolname IN ('heartbeat_guard', 'heartbeat_deploy', 'heartbeat_operator', 'heartbeat_compute', 'heartbeat_reader', 'heartbeat_file')
ORDER BY subject, detail
