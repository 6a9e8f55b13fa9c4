-- Tokens of the HTTP API: who may come in from elsewhere, as whom, and how far. The login that migrates writes them and nobody else,
-- because a login that could write one could become anybody.

-- One row per name. name is the identity that the token proves and that the record then holds, an address mostly; hash is the
-- sha256 of the token, which is 256 random bits and kept nowhere; revoked: no request gets in with it any more.
CREATE TABLE heartbeat.api_token (
    name       text PRIMARY KEY CONSTRAINT token_name_form CHECK (
                   length(name) <= 254 AND name ~ '\S' AND name = btrim(name)
                   AND name !~ '[\u0001-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]'),
    role       text NOT NULL CONSTRAINT token_role_known CHECK (role IN ('reader', 'operator')),
    hash       text NOT NULL CONSTRAINT token_hash_form CHECK (hash ~ '^[0-9a-f]{64}$') CONSTRAINT token_hash_unique UNIQUE,
    made       timestamptz NOT NULL DEFAULT now(),
    revoked    timestamptz,
    last_used  timestamptz
);
-- An owner is compared without regard to case, so Ann@x.example and ann@x.example are one identity.
CREATE UNIQUE INDEX token_name_unique ON heartbeat.api_token (lower(name));

GRANT SELECT ON heartbeat.api_token TO heartbeat_operator, heartbeat_reader;
-- By column: whoever serves requests notes that a token was used, and can neither make one nor bring one back.
GRANT UPDATE (last_used) ON heartbeat.api_token TO heartbeat_operator;
