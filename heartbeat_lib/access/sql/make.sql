-- One new token. A revoked one of the same name gives way to it; one in use does not, and then no row is touched.
INSERT INTO heartbeat.api_token AS known (name, role, hash)
VALUES (%(name)s, %(role)s, %(hash)s)
ON CONFLICT (lower(name)) DO UPDATE
SET name = excluded.name, role = excluded.role, hash = excluded.hash, made = now(), revoked = NULL, last_used = NULL
WHERE known.revoked IS NOT NULL
