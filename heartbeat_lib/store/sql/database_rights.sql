-- Rights on the database itself, which a copy of it does not inherit: only the four logins come in, nobody makes temporary objects.
DO $rights$
DECLARE
    here CONSTANT pg_catalog.text := pg_catalog.quote_ident(pg_catalog.current_database());
BEGIN
    EXECUTE 'REVOKE ALL ON DATABASE ' || here || ' FROM PUBLIC';
    EXECUTE 'GRANT CONNECT ON DATABASE ' || here || ' TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader';
END
$rights$
