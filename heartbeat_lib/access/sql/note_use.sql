-- Notes the use of a token; where another request is just doing so, there is nothing to wait for.
UPDATE heartbeat.api_token SET last_used = now()
WHERE hash IN (SELECT hash FROM heartbeat.api_token WHERE hash = %(hash)s FOR UPDATE SKIP LOCKED)
