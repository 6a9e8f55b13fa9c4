-- One process migrates at a time; readers go on.
LOCK TABLE heartbeat.schema_version IN SHARE ROW EXCLUSIVE MODE
