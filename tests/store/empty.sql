-- Empties the shared test database. The guards are lifted for it, which only the owner can do, and put back as they were.
ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER USER;
ALTER TABLE heartbeat.registry_change DISABLE TRIGGER USER;
ALTER TABLE heartbeat.metric_retirement DISABLE TRIGGER USER;
ALTER TABLE heartbeat.metric_observation DISABLE TRIGGER USER;
TRUNCATE heartbeat.metric_registry, heartbeat.registry_change, heartbeat.metric_retirement, heartbeat.metric_observation,
    heartbeat.metric_history, heartbeat.run RESTART IDENTITY;
DO $back$
DECLARE
    guard record;
BEGIN
    FOR guard IN SELECT tgrelid::regclass AS relation, tgname AS name FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.relation, guard.name);
    END LOOP;
END
$back$;
