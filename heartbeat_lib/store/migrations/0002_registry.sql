-- The registry: one row per living metric. What the file says, what people decide, and the trigger that lets two doors write.
CREATE TABLE heartbeat.metric_registry (
    -- of the file
    metric_id           text PRIMARY KEY CONSTRAINT metric_id_form CHECK (metric_id ~ '^[a-z][a-z0-9_]{2,62}$'),
    -- Deferrable, so that two metrics may swap codes, and a new one take the code of one retired in the same deploy.
    code                text CONSTRAINT code_form CHECK (code ~ '^[A-Z0-9]{4}$')
                        CONSTRAINT code_unique UNIQUE DEFERRABLE INITIALLY DEFERRED,
    name                text NOT NULL CONSTRAINT name_present CHECK (name ~ '\S'),
    period              text NOT NULL CONSTRAINT period_known CHECK (period IN ('hour', 'day', 'week', 'month', 'quarter', 'year')),
    value_sql           text NOT NULL CONSTRAINT value_sql_present CHECK (value_sql ~ '\S'),
    description         text NOT NULL,
    sources             text[] NOT NULL CONSTRAINT sources_named CHECK (array_position(sources, NULL) IS NULL AND '' <> ALL (sources)),
    how_to_read         text,
    methodology         text,
    unit                text,
    direction           text CONSTRAINT direction_known CHECK (direction IN ('higher_is_worse', 'lower_is_worse')),
    judge               text NOT NULL DEFAULT 'running' CONSTRAINT judge_known CHECK (judge IN ('running', 'closed')),
    benchmark_kind      text NOT NULL DEFAULT 'rolling_stat' CONSTRAINT benchmark_kind_known CHECK (benchmark_kind IN ('rolling_stat', 'none')),
    cross_check_sql     text,
    notes               text,
    replaces            text CONSTRAINT replaces_form CHECK (replaces ~ '^[a-z][a-z0-9_]{2,62}$')
                        CONSTRAINT replaces_another CHECK (replaces <> metric_id),
    alert_after         integer NOT NULL DEFAULT 1 CONSTRAINT alert_after_positive CHECK (alert_after >= 1),
    recover_after       integer NOT NULL DEFAULT 1 CONSTRAINT recover_after_positive CHECK (recover_after >= 1),
    dialect             text NOT NULL,
    definition_hash     text NOT NULL CONSTRAINT definition_hash_present CHECK (definition_hash ~ '\S'),
    hash_version        text NOT NULL,
    -- the file's until a person sets one of the group, then people's
    norm_value          numeric CONSTRAINT norm_value_finite CHECK (norm_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    alert_value         numeric CONSTRAINT alert_value_finite CHECK (alert_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    threshold_basis     text,
    target_value        numeric CONSTRAINT target_value_finite CHECK (target_value NOT IN ('NaN', 'Infinity', '-Infinity')),
    target_due_date     date CONSTRAINT target_due_date_finite CHECK (isfinite(target_due_date)),
    -- people's alone
    owner               text CONSTRAINT owner_form CHECK (
                            length(owner) <= 254 AND position('=?' IN owner) = 0
                            AND owner ~ '^[^][\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff,;:"''`<>()\\@]+@[^][\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff,;:"''`<>()\\@]+$'),
    verification_state  text NOT NULL DEFAULT 'unverified' CONSTRAINT verification_state_known CHECK (verification_state IN ('unverified', 'verified')),
    thresholds_by_people boolean NOT NULL DEFAULT false,
    target_by_people    boolean NOT NULL DEFAULT false,
    -- of the last change; the log takes its words from here. commit and uncommitted only mean something for a deploy
    row_version         bigint NOT NULL DEFAULT 1 CONSTRAINT row_version_positive CHECK (row_version >= 1),
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now(),
    changed_by          text NOT NULL CONSTRAINT changed_by_present CHECK (changed_by ~ '\S'),
    changed_via         text NOT NULL CONSTRAINT changed_via_present CHECK (changed_via ~ '\S'),
    change_reason       text,
    change_commit       text,
    change_uncommitted  boolean,
    CONSTRAINT thresholds_need_direction CHECK ((norm_value IS NULL AND alert_value IS NULL) OR direction IS NOT NULL),
    CONSTRAINT thresholds_fit_direction CHECK (
        norm_value IS NULL OR alert_value IS NULL
        OR (direction = 'higher_is_worse' AND alert_value >= norm_value) OR (direction = 'lower_is_worse' AND alert_value <= norm_value)),
    -- A verified metric may lose its owner and is silent then; that verifying needs one is for the door to hold.
    CONSTRAINT due_date_needs_target CHECK (target_due_date IS NULL OR target_value IS NOT NULL)
);

-- Every change of the registry, written by the database itself. Grain: one row per changed metric and statement.
-- `actor`, `via`, `reason`, `commit_id`, `uncommitted` are what the door said; session_login is who really was connected.
CREATE TABLE heartbeat.registry_change (
    change_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_id       text NOT NULL,
    action          text NOT NULL CONSTRAINT action_known CHECK (action IN ('insert', 'update', 'delete')),
    before          jsonb CONSTRAINT before_fits_action CHECK ((before IS NULL) = (action = 'insert')),
    after           jsonb CONSTRAINT after_fits_action CHECK ((after IS NULL) = (action = 'delete')),
    actor           text NOT NULL,
    via             text NOT NULL,
    reason          text,
    commit_id       text,
    uncommitted     boolean,
    session_login   text NOT NULL DEFAULT session_user,
    transaction_id  bigint NOT NULL DEFAULT pg_catalog.pg_current_xact_id()::text::bigint,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX registry_change_metric ON heartbeat.registry_change (metric_id, change_id);
CREATE INDEX registry_change_deploy ON heartbeat.registry_change (change_id) WHERE via = 'deploy';

-- Metrics that are gone: who retired them when and why, the last row whole, and what came instead.
CREATE TABLE heartbeat.metric_retirement (
    metric_id    text NOT NULL,
    retired_at   timestamptz NOT NULL DEFAULT now(),
    retired_by   text NOT NULL,
    last_row     jsonb NOT NULL,
    successor    text,
    reason       text,
    commit_id    text,
    uncommitted  boolean,
    PRIMARY KEY (metric_id, retired_at)
);

-- SECURITY INVOKER on purpose: current_user is then whoever writes, and only inside a door that is the guard. No setting,
-- marker row or session variable is asked, so there is nothing to forge.
CREATE FUNCTION heartbeat.metric_registry_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $guard$
BEGIN
    -- TRUNCATE would leave no line in the log: it is refused to the guard too.
    IF current_user <> 'heartbeat_guard' OR TG_OP = 'TRUNCATE' THEN
        RAISE insufficient_privilege USING
            MESSAGE = pg_catalog.format('%s on heartbeat.%s is refused to %s', TG_OP, TG_TABLE_NAME, current_user),
            HINT = 'Owner, thresholds, target and verification change on the cockpit, through the API or with `heartbeat set`, '
                'all through heartbeat.patch_verification; what the metric file owns changes with `heartbeat deploy`.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$guard$;

-- For records: the guard may add, nobody may change or remove. The superuser included.
CREATE FUNCTION heartbeat.append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $append$
BEGIN
    RAISE insufficient_privilege USING
        MESSAGE = pg_catalog.format('%s on heartbeat.%s is refused to %s: its rows are kept as they were written', TG_OP, TG_TABLE_NAME, current_user),
        HINT = 'A record is never changed. Correct it with a new one: `heartbeat set`, `heartbeat deploy` or `heartbeat refresh` writes it.';
END
$append$;

-- before and after hold instants in UTC, whatever zone the session likes, so that two lines can be compared.
CREATE FUNCTION heartbeat.log_registry_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $log$
DECLARE
    gone heartbeat.metric_retirement;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- The row that goes tells who changed it last; who retires it stands in the tombstone of this transaction.
        SELECT * INTO gone FROM heartbeat.metric_retirement AS r
        WHERE r.metric_id = OLD.metric_id AND r.retired_at = pg_catalog.now();
        INSERT INTO heartbeat.registry_change (metric_id, action, before, actor, via, reason, commit_id, uncommitted)
        VALUES (OLD.metric_id, 'delete', pg_catalog.to_jsonb(OLD), COALESCE(gone.retired_by, session_user),
                CASE WHEN gone.metric_id IS NULL THEN 'unknown' ELSE 'deploy' END, gone.reason, gone.commit_id, gone.uncommitted);
    ELSE
        INSERT INTO heartbeat.registry_change (metric_id, action, before, after, actor, via, reason, commit_id, uncommitted)
        VALUES (NEW.metric_id, pg_catalog.lower(TG_OP), CASE TG_OP WHEN 'UPDATE' THEN pg_catalog.to_jsonb(OLD) END, pg_catalog.to_jsonb(NEW),
                NEW.changed_by, NEW.changed_via, NEW.change_reason,
                CASE NEW.changed_via WHEN 'deploy' THEN NEW.change_commit END,
                CASE NEW.changed_via WHEN 'deploy' THEN NEW.change_uncommitted END);
    END IF;
    RETURN NULL;
END
$log$;

CREATE TRIGGER metric_registry_guard BEFORE INSERT OR UPDATE OR DELETE ON heartbeat.metric_registry
    FOR EACH ROW EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER metric_registry_guard_truncate BEFORE TRUNCATE ON heartbeat.metric_registry
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER metric_registry_log AFTER INSERT OR UPDATE OR DELETE ON heartbeat.metric_registry
    FOR EACH ROW EXECUTE FUNCTION heartbeat.log_registry_change();
CREATE TRIGGER registry_change_guard BEFORE INSERT ON heartbeat.registry_change
    FOR EACH ROW EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER registry_change_append_only BEFORE UPDATE OR DELETE ON heartbeat.registry_change
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER registry_change_append_only_truncate BEFORE TRUNCATE ON heartbeat.registry_change
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_retirement_guard BEFORE INSERT ON heartbeat.metric_retirement
    FOR EACH ROW EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER metric_retirement_append_only BEFORE UPDATE OR DELETE ON heartbeat.metric_retirement
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_retirement_append_only_truncate BEFORE TRUNCATE ON heartbeat.metric_retirement
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();

-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE heartbeat.metric_registry ENABLE ALWAYS TRIGGER metric_registry_guard;
ALTER TABLE heartbeat.metric_registry ENABLE ALWAYS TRIGGER metric_registry_guard_truncate;
ALTER TABLE heartbeat.metric_registry ENABLE ALWAYS TRIGGER metric_registry_log;
ALTER TABLE heartbeat.registry_change ENABLE ALWAYS TRIGGER registry_change_guard;
ALTER TABLE heartbeat.registry_change ENABLE ALWAYS TRIGGER registry_change_append_only;
ALTER TABLE heartbeat.registry_change ENABLE ALWAYS TRIGGER registry_change_append_only_truncate;
ALTER TABLE heartbeat.metric_retirement ENABLE ALWAYS TRIGGER metric_retirement_guard;
ALTER TABLE heartbeat.metric_retirement ENABLE ALWAYS TRIGGER metric_retirement_append_only;
ALTER TABLE heartbeat.metric_retirement ENABLE ALWAYS TRIGGER metric_retirement_append_only_truncate;

REVOKE ALL ON FUNCTION heartbeat.metric_registry_guard(), heartbeat.append_only(), heartbeat.log_registry_change() FROM PUBLIC;
GRANT SELECT ON heartbeat.metric_registry, heartbeat.registry_change, heartbeat.metric_retirement
    TO heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON heartbeat.metric_registry TO heartbeat_guard;
GRANT SELECT, INSERT ON heartbeat.registry_change, heartbeat.metric_retirement TO heartbeat_guard;
