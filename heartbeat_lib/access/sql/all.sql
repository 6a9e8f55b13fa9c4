-- Every token by name, without its hash.
SELECT name, role, made, revoked, last_used FROM heartbeat.api_token ORDER BY lower(name)
