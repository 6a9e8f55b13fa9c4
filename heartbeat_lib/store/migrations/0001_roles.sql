-- Who may come in. One role owns the doors and can be nobody; four log in; everyone else loses what PostgreSQL gives to all.
-- Roles belong to the whole server, so they may exist already: then they are kept, unless they could do too much.
DO $roles$
DECLARE
    wanted pg_catalog.text;
    mighty pg_catalog.text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['heartbeat_guard', 'heartbeat_deploy', 'heartbeat_operator', 'heartbeat_compute', 'heartbeat_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
                EXECUTE pg_catalog.format(
                    'CREATE ROLE %I %s', wanted, CASE wanted WHEN 'heartbeat_guard' THEN 'NOLOGIN' ELSE 'LOGIN' END);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this server is being migrated at the same moment
        END;
    END LOOP;
    SELECT pg_catalog.string_agg(rolname, ', ') INTO mighty
    FROM pg_catalog.pg_roles
    WHERE rolname IN ('heartbeat_guard', 'heartbeat_deploy', 'heartbeat_operator', 'heartbeat_compute', 'heartbeat_reader')
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR (rolname = 'heartbeat_guard' AND rolcanlogin));
    IF mighty IS NOT NULL THEN
        RAISE EXCEPTION 'these roles exist already and may do too much: %', mighty
            USING HINT = 'Take SUPERUSER, CREATEROLE, CREATEDB, REPLICATION and BYPASSRLS from them, and LOGIN from heartbeat_guard.';
    END IF;
END
$roles$;

-- Without these, even a role that may only read leaves objects behind: temporary tables, types, large objects, DO blocks.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION
    pg_catalog.lo_from_bytea(oid, bytea), pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
    pg_catalog.lo_put(oid, bigint, bytea), pg_catalog.lo_open(oid, integer), pg_catalog.lowrite(integer, bytea),
    pg_catalog.lo_unlink(oid), pg_catalog.lo_truncate(integer, integer), pg_catalog.lo_truncate64(integer, bigint)
FROM PUBLIC;

REVOKE ALL ON SCHEMA heartbeat FROM PUBLIC;
GRANT USAGE ON SCHEMA heartbeat TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT SELECT ON heartbeat.schema_version TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
