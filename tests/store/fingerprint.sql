-- Everything that an attack could have changed, as one text per kind: rows, schema, code, rights, roles, settings, large objects.
SELECT 'rows' AS kind, jsonb_build_array(
    (SELECT jsonb_agg(t ORDER BY t.metric_id) FROM heartbeat.metric_registry AS t),
    (SELECT jsonb_agg(t ORDER BY t.change_id) FROM heartbeat.registry_change AS t),
    (SELECT jsonb_agg(t ORDER BY t.metric_id) FROM heartbeat.metric_retirement AS t),
    (SELECT jsonb_agg(t ORDER BY t.metric_id) FROM heartbeat.metric_history AS t),
    (SELECT jsonb_agg(t ORDER BY t.observation_id) FROM heartbeat.metric_observation AS t),
    (SELECT jsonb_agg(t ORDER BY t.metric_id) FROM heartbeat.metric_benchmark AS t),
    (SELECT jsonb_agg(t ORDER BY t.run_id) FROM heartbeat.run AS t),
    (SELECT jsonb_agg(t) FROM heartbeat.clock AS t),
    (SELECT jsonb_agg(t ORDER BY t.name) FROM heartbeat.api_token AS t),
    (SELECT jsonb_agg(t ORDER BY t.audit_id) FROM heartbeat.metric_audit AS t),
    (SELECT jsonb_agg(t ORDER BY t.review_id) FROM heartbeat.metric_review AS t),
    (SELECT jsonb_agg(t ORDER BY t.count_id) FROM heartbeat.metric_hand_count AS t),
    (SELECT jsonb_agg(t ORDER BY t.number) FROM heartbeat.schema_version AS t),
    (SELECT last_value FROM heartbeat.registry_change_change_id_seq))::text AS content
UNION ALL
SELECT 'relations', string_agg(concat_ws(' ', oid, relname, relkind, relowner, relacl, relrowsecurity, relhasrules), E'\n' ORDER BY oid)
FROM pg_class WHERE oid >= 16384
UNION ALL
SELECT 'columns', string_agg(concat_ws(' ', attrelid, attname, atttypid, attacl), E'\n' ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid >= 16384
UNION ALL
SELECT 'constraints', string_agg(concat_ws(' ', oid, pg_get_constraintdef(oid)), E'\n' ORDER BY oid) FROM pg_constraint WHERE oid >= 16384
UNION ALL
SELECT 'triggers', string_agg(concat_ws(' ', oid, tgname, tgenabled, tgtype, tgfoid), E'\n' ORDER BY oid) FROM pg_trigger
UNION ALL
SELECT 'functions', md5(string_agg(concat_ws(' ', oid, proname, proowner, prosrc, proacl, proconfig), E'\n' ORDER BY oid)) FROM pg_proc
UNION ALL
SELECT 'types', count(*)::text FROM pg_type
UNION ALL
SELECT 'schemas', string_agg(concat_ws(' ', oid, nspname, nspowner, nspacl), E'\n' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
UNION ALL
SELECT 'comments', count(*)::text FROM pg_description
UNION ALL
SELECT 'roles', string_agg(md5(concat_ws(' ', a.*)), ' ' ORDER BY oid) FROM pg_authid AS a
UNION ALL
SELECT 'memberships', string_agg(concat_ws(' ', m.*), E'\n' ORDER BY roleid, member) FROM pg_auth_members AS m
UNION ALL
SELECT 'settings', string_agg(concat_ws(' ', s.*), E'\n' ORDER BY setdatabase, setrole) FROM pg_db_role_setting AS s
UNION ALL
SELECT 'databases', string_agg(concat_ws(' ', oid, datname, datdba, datacl), E'\n' ORDER BY oid) FROM pg_database WHERE datname = current_database() OR datname = 'postgres'
UNION ALL
SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata
UNION ALL
SELECT 'files', concat_ws(' ', (SELECT string_agg(extname, ' ') FROM pg_extension), (SELECT count(*) FROM pg_event_trigger),
                          (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_tablespace), (SELECT count(*) FROM pg_language))
