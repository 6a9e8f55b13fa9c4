-- One migration was applied, in the transaction that applied it.
INSERT INTO heartbeat.schema_version (number, name, sha256) VALUES (%(number)s, %(name)s, %(sha256)s)
