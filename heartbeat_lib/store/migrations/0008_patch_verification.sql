-- People's door: owner, thresholds, target and verification of one metric, and nothing else. Cockpit, API and command line all come
-- through here, so what is refused is refused everywhere, in the same words.

ALTER TABLE heartbeat.metric_registry ADD COLUMN change_proved boolean;
ALTER TABLE heartbeat.registry_change ADD COLUMN actor_proved boolean;
COMMENT ON COLUMN heartbeat.registry_change.actor_proved IS 'true: the door had proof of who it was; false: self-declared; null: a deploy';

-- As in 0002, and with the proof of the actor's identity.
CREATE OR REPLACE FUNCTION heartbeat.log_registry_change() RETURNS trigger
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
        INSERT INTO heartbeat.registry_change (metric_id, action, before, after, actor, via, reason, commit_id, uncommitted, actor_proved)
        VALUES (NEW.metric_id, pg_catalog.lower(TG_OP), CASE TG_OP WHEN 'UPDATE' THEN pg_catalog.to_jsonb(OLD) END, pg_catalog.to_jsonb(NEW),
                NEW.changed_by, NEW.changed_via, NEW.change_reason,
                CASE NEW.changed_via WHEN 'deploy' THEN NEW.change_commit END,
                CASE NEW.changed_via WHEN 'deploy' THEN NEW.change_uncommitted END,
                CASE WHEN NEW.changed_via <> 'deploy' THEN NEW.change_proved END);
    END IF;
    RETURN NULL;
END
$log$;

-- One person's decision about one metric: all of the patch, or nothing.
--
-- p_patch         any of owner, norm_value, alert_value, threshold_basis, target_value, target_due_date, verification_state; numbers as
--                 JSON numbers, null clears. A field that says what stands already is no change.
-- p_row_version   the version that the person saw; with another one nothing is written.
-- p_actor, p_actor_proved, p_via, p_reason   go to the record: who, whether the door had proof of it, through which door, why.
-- p_owner_signs   only the owner's own proved identity may verify.
--
-- Out: {changed, refusals: [{kind, field, rule, message}], row}. kind is unknown_metric, stale, state (a rule about how things
-- stand, such as verifying without an owner) or value (a bad field). row is the registry's row as it stands afterwards, null for
-- an unknown metric. With any refusal nothing is written.
CREATE FUNCTION heartbeat.patch_verification(
    p_metric_id pg_catalog.text,
    p_patch pg_catalog.jsonb,
    p_row_version pg_catalog.int8,
    p_actor pg_catalog.text,
    p_actor_proved pg_catalog.bool,
    p_via pg_catalog.text,
    p_reason pg_catalog.text,
    p_owner_signs pg_catalog.bool DEFAULT false
) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
SET timezone = 'UTC'
AS $patch$
#variable_conflict error
DECLARE
    fields CONSTANT pg_catalog.text[] := ARRAY[
        'owner', 'norm_value', 'alert_value', 'threshold_basis', 'target_value', 'target_due_date', 'verification_state'];
    base heartbeat.metric_registry;
    wanted heartbeat.metric_registry;
    field pg_catalog.text;
    given pg_catalog.jsonb;
    kind pg_catalog.text;
    said pg_catalog.text;
    number_ pg_catalog.numeric;
    faulty pg_catalog.text[] := '{}';
    malformed pg_catalog.bool;
    thresholds_changed pg_catalog.bool;
    target_changed pg_catalog.bool;
    verifies pg_catalog.bool;
    refusals pg_catalog.jsonb := '[]';
BEGIN
    -- By form, so that no ' deploy' or 'Deploy' is read as a deploy.
    IF p_actor IS NULL OR p_actor !~ '\S' OR p_via IS NULL OR p_via !~ '^[a-z][a-z_-]*$' OR p_via = 'deploy' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'patch_verification: p_actor and p_via must name who decides and through which door',
            HINT = 'p_via is one lower-case word, such as cockpit, api or cli; deploy is the other door''s.';
    END IF;
    -- An older snapshot would not show what another person wrote while this one waited for the row.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE invalid_transaction_state USING
            MESSAGE = 'patch_verification runs in a READ COMMITTED transaction only',
            HINT = 'Open the transaction without an isolation level of its own.';
    END IF;
    -- The table before the row, as a deploy does, so that the two wait for each other and never in a circle.
    LOCK TABLE heartbeat.metric_registry IN ROW EXCLUSIVE MODE;
    SELECT * INTO base FROM heartbeat.metric_registry AS r WHERE r.metric_id = p_metric_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('changed', false, 'row', NULL, 'refusals', jsonb_build_array(jsonb_build_object(
            'kind', 'unknown_metric', 'field', 'metric_id', 'rule', 'unknown_metric',
            'message', format('There is no living metric %L.', p_metric_id))));
    END IF;
    IF p_row_version IS DISTINCT FROM base.row_version THEN
        RETURN jsonb_build_object('changed', false, 'row', to_jsonb(base), 'refusals', jsonb_build_array(jsonb_build_object(
            'kind', 'stale', 'field', 'row_version', 'rule', 'stale_row_version',
            'message', format('%s was changed meanwhile by %s through %s (version %s; you saw %s). Look at it as it stands now and decide again.',
                              p_metric_id, base.changed_by, base.changed_via, base.row_version, COALESCE(p_row_version::pg_catalog.text, 'none')))));
    END IF;
    IF p_patch IS NULL OR jsonb_typeof(p_patch) <> 'object' OR p_patch = '{}' THEN
        RETURN jsonb_build_object('changed', false, 'row', to_jsonb(base), 'refusals', jsonb_build_array(jsonb_build_object(
            'kind', 'value', 'field', NULL, 'rule', 'empty_patch',
            'message', format('The patch says nothing: an object with any of %s.', array_to_string(fields, ', ')))));
    END IF;

    wanted := base;
    FOR field, given IN SELECT e.key, e.value FROM jsonb_each(p_patch) AS e ORDER BY e.key LOOP
        kind := jsonb_typeof(given);
        said := NULL;
        IF field <> ALL (fields) THEN
            said := format('%s is not a field that people decide here; those are %s.', field, array_to_string(fields, ', '));
            refusals := refusals || jsonb_build_object('kind', 'value', 'field', field, 'rule', 'unknown_field', 'message', said);
            CONTINUE;
        END IF;
        IF kind = 'string' AND given #>> '{}' !~ '\S' THEN
            said := format('%s is an empty text; null clears it.', field);
            faulty := faulty || field;
            refusals := refusals || jsonb_build_object('kind', 'value', 'field', field, 'rule', 'empty_text', 'message', said);
            CONTINUE;
        END IF;
        IF field IN ('norm_value', 'alert_value', 'target_value') THEN
            number_ := NULL;
            IF kind = 'number' THEN
                number_ := (given #>> '{}')::pg_catalog.numeric;
            ELSIF kind <> 'null' THEN
                said := format('%s must be a number or null, not %s.', field, given);
            END IF;
            -- A malformed value changes nothing, so that no other rule is told of it.
            IF said IS NOT NULL THEN NULL;
            ELSIF field = 'norm_value' THEN wanted.norm_value := number_;
            ELSIF field = 'alert_value' THEN wanted.alert_value := number_;
            ELSE wanted.target_value := number_;
            END IF;
        ELSIF kind NOT IN ('string', 'null') THEN
            said := format('%s must be a text or null, not %s.', field, given);
        ELSIF field = 'owner' THEN
            wanted.owner := given #>> '{}';
            IF wanted.owner <> base.owner OR base.owner IS NULL THEN
                -- The table's own rule, asked before writing: so it is told together with other faults.
                EXECUTE (SELECT format('SELECT (%s) IS FALSE FROM (SELECT $1) AS patch (owner)', pg_get_expr(c.conbin, c.conrelid))
                         FROM pg_catalog.pg_constraint AS c
                         WHERE c.conrelid = 'heartbeat.metric_registry'::pg_catalog.regclass AND c.conname = 'owner_form')
                INTO malformed USING wanted.owner;
                IF malformed THEN
                    said := 'An owner is one plain e-mail address, such as ann@company.example: at most 254 characters, no name before it, '
                        'no spaces, commas, quotes or brackets.';
                END IF;
            END IF;
        ELSIF field = 'threshold_basis' THEN
            wanted.threshold_basis := given #>> '{}';
        ELSIF field = 'target_due_date' THEN
            BEGIN
                IF given #>> '{}' !~ '^\d{4}-\d{2}-\d{2}$' THEN
                    RAISE invalid_datetime_format;
                END IF;
                wanted.target_due_date := (given #>> '{}')::pg_catalog.date;
            EXCEPTION WHEN data_exception THEN
                said := format('target_due_date must be a day such as 2026-12-31, not %s.', given);
            END;
        ELSIF given #>> '{}' IN ('verified', 'unverified') THEN
            wanted.verification_state := given #>> '{}';
        ELSE
            said := format('verification_state must be "verified" or "unverified", not %s.', given);
        END IF;
        IF said IS NOT NULL THEN
            faulty := faulty || field;
            refusals := refusals || jsonb_build_object('kind', 'value', 'field', field, 'rule', field || '_form', 'message', said);
        END IF;
    END LOOP;

    thresholds_changed := (wanted.norm_value, wanted.alert_value) IS DISTINCT FROM (base.norm_value, base.alert_value);
    target_changed := (wanted.target_value, wanted.target_due_date) IS DISTINCT FROM (base.target_value, base.target_due_date);
    verifies := wanted.verification_state = 'verified' AND base.verification_state = 'unverified';
    IF faulty && ARRAY['norm_value', 'alert_value'] THEN
        NULL;  -- what the thresholds would be is not known
    ELSIF wanted.norm_value IS NULL AND wanted.alert_value IS NULL THEN
        IF p_patch ->> 'threshold_basis' IS NOT NULL AND 'threshold_basis' <> ALL (faulty) THEN
            refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'threshold_basis', 'rule', 'basis_without_threshold',
                'message', 'A basis says where a threshold comes from, and there is no threshold.');
        END IF;
        wanted.threshold_basis := NULL;
    ELSIF thresholds_changed AND p_patch ->> 'threshold_basis' IS NULL THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'threshold_basis', 'rule', 'basis_missing',
            'message', 'A changed threshold needs a threshold_basis in the same patch: where the number comes from outside the data, '
                'such as an SLA, a regulation, a capacity or an owner''s commitment.');
    ELSIF p_patch -> 'threshold_basis' = 'null' THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'threshold_basis', 'rule', 'basis_missing',
            'message', 'Thresholds stand, and they need a basis. Clear them with it, or say another one.');
    END IF;
    IF faulty && ARRAY['norm_value', 'alert_value'] THEN
        NULL;
    ELSIF thresholds_changed AND wanted.direction IS NULL AND COALESCE(wanted.norm_value, wanted.alert_value) IS NOT NULL THEN
        -- Two different thresholds say it themselves; the file's word, where there is one, is never changed here.
        wanted.direction := CASE WHEN wanted.alert_value > wanted.norm_value THEN 'higher_is_worse'
                                 WHEN wanted.alert_value < wanted.norm_value THEN 'lower_is_worse' END;
        IF wanted.direction IS NULL THEN
            refusals := refusals || jsonb_build_object('kind', 'state', 'field', 'norm_value', 'rule', 'direction_missing',
                'message', 'One threshold, or two equal ones, do not say which way is worse, and the metric''s file does not either. '
                    'Give two different ones, or write direction in the file.');
        END IF;
    ELSIF (wanted.direction = 'higher_is_worse' AND wanted.alert_value < wanted.norm_value)
       OR (wanted.direction = 'lower_is_worse' AND wanted.alert_value > wanted.norm_value) THEN
        refusals := refusals || jsonb_build_object('kind', 'value',
            'field', CASE WHEN p_patch ? 'alert_value' THEN 'alert_value' ELSE 'norm_value' END, 'rule', 'thresholds_fit_direction',
            'message', format('For this metric %s: with norm %s the alert cannot be %s. If it is the other way round, clear both thresholds, '
                              'write direction in the metric''s file and deploy it.', replace(wanted.direction, '_', ' '),
                              wanted.norm_value, wanted.alert_value));
    END IF;
    IF wanted.target_due_date IS NOT NULL AND wanted.target_value IS NULL AND NOT faulty && ARRAY['target_value', 'target_due_date'] THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'target_due_date', 'rule', 'due_date_needs_target',
            'message', 'A due date needs a target_value to be reached by then. Give one, or clear both.');
    END IF;
    IF 'owner' = ANY (faulty) THEN
        NULL;  -- who would stand behind it is not known
    ELSIF verifies AND wanted.owner IS NULL THEN
        refusals := refusals || jsonb_build_object('kind', 'state', 'field', 'verification_state', 'rule', 'verifying_needs_owner',
            'message', 'Nobody owns this metric. Verified means that a named person stands behind the number: name the owner first.');
    ELSIF verifies AND p_owner_signs AND NOT (p_actor_proved IS TRUE AND lower(p_actor) = lower(wanted.owner)) THEN
        refusals := refusals || jsonb_build_object('kind', 'state', 'field', 'verification_state', 'rule', 'owner_must_sign',
            'message', format('In this workspace only the owner verifies, with a proved identity: %s. You are %s, %s.', wanted.owner, p_actor,
                              CASE WHEN p_actor_proved THEN 'proved' ELSE 'self-declared' END));
    END IF;
    IF verifies AND COALESCE(p_reason, '') !~ '\S' THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'reason', 'rule', 'verifying_needs_reason',
            'message', 'Say why the number can be believed: what was checked, and against what.');
    END IF;
    IF refusals <> '[]' THEN
        RETURN jsonb_build_object('changed', false, 'row', to_jsonb(base), 'refusals', refusals);
    END IF;
    IF wanted IS NOT DISTINCT FROM base THEN
        RETURN jsonb_build_object('changed', false, 'row', to_jsonb(base), 'refusals', refusals);
    END IF;

    UPDATE heartbeat.metric_registry AS r SET
        owner = wanted.owner, norm_value = wanted.norm_value, alert_value = wanted.alert_value,
        threshold_basis = wanted.threshold_basis, direction = wanted.direction, target_value = wanted.target_value,
        target_due_date = wanted.target_due_date, verification_state = wanted.verification_state,
        thresholds_by_people = base.thresholds_by_people OR thresholds_changed
            OR wanted.threshold_basis IS DISTINCT FROM base.threshold_basis,
        target_by_people = base.target_by_people OR target_changed,
        row_version = base.row_version + 1, changed_at = now(), changed_by = p_actor, changed_via = p_via,
        change_reason = p_reason, change_commit = NULL, change_uncommitted = NULL, change_proved = COALESCE(p_actor_proved, false)
    WHERE r.metric_id = p_metric_id
    RETURNING * INTO wanted;

    -- The verdict on show follows the thresholds in force; earlier periods keep the verdict of their time. A pass that writes
    -- values at this moment judges them by the thresholds that it saw: so it ends first, or waits and then sees these.
    IF thresholds_changed OR wanted.direction IS DISTINCT FROM base.direction THEN
        LOCK TABLE heartbeat.metric_history IN SHARE ROW EXCLUSIVE MODE;
        UPDATE heartbeat.metric_history AS kept
        SET status = judged.status, status_reason = judged.status_reason, norm_applied = wanted.norm_value, alert_applied = wanted.alert_value
        FROM heartbeat.shown(wanted.metric_id, wanted.period, wanted.judge) AS on_show,
             heartbeat.judge(on_show.value, wanted.direction, wanted.norm_value, wanted.alert_value, on_show.error IS NOT NULL, on_show.stale) AS judged
        WHERE (kept.metric_id, kept.period, kept.period_start) = (on_show.metric_id, on_show.period, on_show.period_start);
    END IF;
    RETURN jsonb_build_object('changed', true, 'row', to_jsonb(wanted), 'refusals', refusals);
END
$patch$;

-- The guard owns the door and may judge again what is on show; nobody else may use the door but the operator.
-- UPDATE on the whole table, because PostgreSQL lets nobody lock a table of which he may only update columns.
GRANT SELECT, UPDATE ON heartbeat.metric_history TO heartbeat_guard;
REVOKE ALL ON FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) TO heartbeat_operator;
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) OWNER TO heartbeat_guard;
