-- A token in use, revoked now.
UPDATE heartbeat.api_token SET revoked = now() WHERE lower(name) = lower(%(name)s) AND revoked IS NULL
