-- The deploy's door. In: the rows of ALL living files; the function itself finds by set difference what is new, changed or gone.
-- Either everything is written or nothing. Out: {version, new, new_meaning, cosmetic, retired, unchanged, kept_people: ids,
-- refusals: [{metric_id, rule, message}]}. With any refusal, and with p_dry_run, nothing is written.
--
-- p_rows              [{metric_id, ..., definition_hash, ...}]: the file's columns, numbers as numbers or text. A row may carry
--                     `same_meaning_as`: the stored hash that the caller has found to mean the same (the parser was upgraded).
-- p_expected_version  the version that a plan came with; NULL takes whatever stands. People's changes do not move the version.
-- p_actor, p_reason, p_commit, p_uncommitted   go to the record.
-- p_allow_retirements more than a third of the living may only go when this number covers them.
CREATE FUNCTION heartbeat.apply_registry(
    p_rows pg_catalog.jsonb,
    p_expected_version pg_catalog.int8,
    p_actor pg_catalog.text,
    p_reason pg_catalog.text,
    p_commit pg_catalog.text,
    p_uncommitted pg_catalog.bool,
    p_allow_retirements pg_catalog.int4,
    p_dry_run pg_catalog.bool
) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
SET timezone = 'UTC'
AS $apply$
#variable_conflict error
DECLARE
    file_columns CONSTANT pg_catalog.text[] := ARRAY[
        'metric_id', 'code', 'name', 'period', 'value_sql', 'description', 'sources', 'how_to_read', 'methodology', 'unit',
        'direction', 'judge', 'benchmark_kind', 'cross_check_sql', 'notes', 'replaces', 'alert_after', 'recover_after', 'dialect',
        'definition_hash', 'hash_version', 'norm_value', 'alert_value', 'threshold_basis', 'target_value', 'target_due_date',
        'same_meaning_as'];
    element pg_catalog.jsonb;
    id pg_catalog.text;
    file heartbeat.metric_registry;
    base heartbeat.metric_registry;
    wanted heartbeat.metric_registry;
    tombstone heartbeat.metric_retirement;
    living pg_catalog.bool;
    same_meaning pg_catalog.bool;
    unknown pg_catalog.text;
    tests pg_catalog.text;
    broken pg_catalog.text;
    said pg_catalog.text;
    current_version pg_catalog.int8;
    living_count pg_catalog.int8;
    ids pg_catalog.text[] := '{}';
    to_insert heartbeat.metric_registry[] := '{}';
    to_update heartbeat.metric_registry[] := '{}';
    added pg_catalog.text[] := '{}';
    redefined pg_catalog.text[] := '{}';
    cosmetic pg_catalog.text[] := '{}';
    unchanged pg_catalog.text[] := '{}';
    kept_people pg_catalog.text[] := '{}';
    retired pg_catalog.text[];
    refusals pg_catalog.jsonb := '[]';
BEGIN
    IF p_actor IS NULL OR p_actor !~ '\S' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'apply_registry: p_actor must name who deploys';
    END IF;
    IF p_rows IS NULL OR jsonb_typeof(p_rows) <> 'array' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'apply_registry: p_rows must be a JSON array of the rows of all living files';
    END IF;
    -- An older snapshot would not show what another deploy wrote while this one waited for the lock.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE invalid_transaction_state USING
            MESSAGE = 'apply_registry runs in a READ COMMITTED transaction only',
            HINT = 'Open the transaction without an isolation level of its own.';
    END IF;
    -- Before anything is read: from here on the registry stands still, for deploys and for people.
    LOCK TABLE heartbeat.metric_registry IN SHARE ROW EXCLUSIVE MODE;

    SELECT COALESCE(max(c.change_id), 0) INTO current_version FROM heartbeat.registry_change AS c WHERE c.via = 'deploy';
    SELECT count(*) INTO living_count FROM heartbeat.metric_registry;
    IF p_expected_version <> current_version THEN
        refusals := refusals || jsonb_build_object('metric_id', NULL, 'rule', 'stale_plan', 'message',
            format('Another deploy changed the registry after this plan was made (version %s, now %s). Plan again and look at what would change.',
                   p_expected_version, current_version));
    END IF;

    FOR element IN SELECT e FROM jsonb_array_elements(p_rows) AS e ORDER BY e ->> 'metric_id' LOOP
        id := element ->> 'metric_id';
        IF jsonb_typeof(element) <> 'object' OR id IS NULL THEN
            refusals := refusals || jsonb_build_object('metric_id', NULL, 'rule', 'metric_id_missing',
                'message', 'A row without metric_id: each row is an object that names its metric.');
            CONTINUE;
        END IF;
        IF id = ANY (ids) THEN
            refusals := refusals || jsonb_build_object('metric_id', id, 'rule', 'duplicate_id',
                'message', format('%s: two files define this id. One file may only ever define its own metric.', id));
            CONTINUE;
        END IF;
        ids := ids || id;
        SELECT string_agg(k, ', ' ORDER BY k) INTO unknown FROM jsonb_object_keys(element) AS k WHERE k <> ALL (file_columns);
        IF unknown IS NOT NULL THEN
            refusals := refusals || jsonb_build_object('metric_id', id, 'rule', 'not_of_the_file',
                'message', format('%s: a file does not decide %s. People set owner, thresholds and verification on the cockpit or with `heartbeat set`.', id, unknown));
            CONTINUE;
        END IF;

        file := jsonb_populate_record(NULL::heartbeat.metric_registry, element);
        SELECT * INTO base FROM heartbeat.metric_registry AS r WHERE r.metric_id = id;
        living := FOUND;
        IF NOT living THEN
            SELECT * INTO tombstone FROM heartbeat.metric_retirement AS t
            WHERE t.metric_id = id ORDER BY t.retired_at DESC LIMIT 1;
            IF FOUND THEN
                base := jsonb_populate_record(NULL::heartbeat.metric_registry, tombstone.last_row);
                same_meaning := base.definition_hash IN (file.definition_hash, element ->> 'same_meaning_as');
                IF same_meaning IS NOT TRUE THEN
                    refusals := refusals || jsonb_build_object('metric_id', id, 'rule', 'retired_id', 'message',
                        format('%s: this id was retired on %s by %s (%s) with another meaning. Its history is kept for ever, and two meanings '
                               'under one id could not be told apart. Give the new metric a new id and file name, or restore the old definition.',
                               id, to_char(tombstone.retired_at, 'YYYY-MM-DD'), tombstone.retired_by, COALESCE('reason: ' || tombstone.reason, 'no reason was given')));
                    CONTINUE;
                END IF;
            ELSE
                base := NULL;
                base.row_version := 0;
                base.created_at := now();
                base.thresholds_by_people := false;
                base.target_by_people := false;
            END IF;
            base.verification_state := 'unverified';
        END IF;

        wanted := base;
        wanted.metric_id := id;
        wanted.code := file.code;
        wanted.name := file.name;
        wanted.period := file.period;
        wanted.value_sql := file.value_sql;
        wanted.description := file.description;
        wanted.sources := file.sources;
        wanted.how_to_read := file.how_to_read;
        wanted.methodology := file.methodology;
        wanted.unit := file.unit;
        wanted.judge := COALESCE(file.judge, 'running');
        wanted.benchmark_kind := COALESCE(file.benchmark_kind, 'rolling_stat');
        wanted.cross_check_sql := file.cross_check_sql;
        wanted.notes := file.notes;
        wanted.replaces := file.replaces;
        wanted.alert_after := COALESCE(file.alert_after, 1);
        wanted.recover_after := COALESCE(file.recover_after, 1);
        wanted.dialect := file.dialect;
        wanted.definition_hash := file.definition_hash;
        wanted.hash_version := file.hash_version;
        -- By group and never by column: a file that moved one threshold of two could flip the direction.
        IF base.thresholds_by_people THEN
            -- A file that says no direction leaves the one that people's thresholds brought.
            wanted.direction := COALESCE(file.direction, base.direction);
            IF (file.norm_value, file.alert_value, file.threshold_basis) IS DISTINCT FROM (base.norm_value, base.alert_value, base.threshold_basis)
               AND COALESCE(file.norm_value, file.alert_value) IS NOT NULL THEN
                kept_people := kept_people || id;
            END IF;
        ELSE
            wanted.direction := file.direction;
            wanted.norm_value := file.norm_value;
            wanted.alert_value := file.alert_value;
            wanted.threshold_basis := file.threshold_basis;
        END IF;
        IF NOT base.target_by_people THEN
            wanted.target_value := file.target_value;
            wanted.target_due_date := file.target_due_date;
        ELSIF (file.target_value, file.target_due_date) IS DISTINCT FROM (base.target_value, base.target_due_date)
              AND file.target_value IS NOT NULL AND id <> ALL (kept_people) THEN
            kept_people := kept_people || id;
        END IF;

        IF wanted.direction IS NULL AND COALESCE(wanted.norm_value, wanted.alert_value) IS NOT NULL THEN
            refusals := refusals || jsonb_build_object('metric_id', id, 'rule', 'direction_missing', 'message',
                format('%s: thresholds without a direction. Write direction = ''higher_is_worse'' or ''lower_is_worse''.', id));
            CONTINUE;
        END IF;
        IF (wanted.direction = 'higher_is_worse' AND wanted.alert_value < wanted.norm_value)
           OR (wanted.direction = 'lower_is_worse' AND wanted.alert_value > wanted.norm_value) THEN
            refusals := refusals || jsonb_build_object('metric_id', id, 'rule', 'direction_contradicts_thresholds', 'message',
                format('%s: the file says %s, but the thresholds in force say otherwise (norm %s, alert %s%s). Change the direction in the file%s.',
                       id, wanted.direction, wanted.norm_value, wanted.alert_value,
                       CASE WHEN base.thresholds_by_people THEN ', set by people' ELSE '' END,
                       CASE WHEN base.thresholds_by_people THEN ', or first the thresholds with `heartbeat set`' ELSE ' or its thresholds' END));
            CONTINUE;
        END IF;

        IF living AND wanted IS NOT DISTINCT FROM base THEN
            unchanged := unchanged || id;
            CONTINUE;
        END IF;
        wanted.row_version := base.row_version + 1;
        wanted.changed_at := now();
        wanted.changed_by := p_actor;
        wanted.changed_via := 'deploy';
        wanted.change_reason := p_reason;
        wanted.change_commit := p_commit;
        wanted.change_uncommitted := p_uncommitted;
        IF NOT living THEN
            added := added || id;
            to_insert := to_insert || wanted;
            CONTINUE;
        END IF;
        same_meaning := base.definition_hash IN (file.definition_hash, element ->> 'same_meaning_as');
        IF same_meaning IS TRUE THEN
            cosmetic := cosmetic || id;
        ELSE
            wanted.verification_state := 'unverified';
            redefined := redefined || id;
        END IF;
        to_update := to_update || wanted;
    END LOOP;

    -- Every living code is among the files' own, so a clash shows here and not as an error at commit.
    SELECT refusals || COALESCE(jsonb_agg(jsonb_build_object('metric_id', clash.later, 'rule', 'code_taken',
               'message', format('%s: code %s is taken by %s. Choose another four of A-Z and 0-9.', clash.later, clash.code, clash.first))
               ORDER BY clash.later), '[]')
    INTO refusals
    FROM (
        SELECT e ->> 'metric_id' AS later, e ->> 'code' AS code, min(e ->> 'metric_id') OVER (PARTITION BY e ->> 'code') AS first
        FROM jsonb_array_elements(p_rows) AS e
        WHERE e ->> 'code' IS NOT NULL
    ) AS clash
    WHERE clash.later <> clash.first;

    SELECT COALESCE(array_agg(r.metric_id ORDER BY r.metric_id), '{}') INTO retired
    FROM heartbeat.metric_registry AS r WHERE r.metric_id <> ALL (ids);
    IF (cardinality(retired) * 3 > living_count OR cardinality(retired) = living_count) AND cardinality(retired) > COALESCE(p_allow_retirements, 0) THEN
        refusals := refusals || jsonb_build_object('metric_id', NULL, 'rule', 'retires_too_many', 'message',
            format('This would retire %s of %s metrics: %s. If that is meant, allow it: --allow-retirements %s.',
                   cardinality(retired), living_count, array_to_string(retired, ', '), cardinality(retired)));
    END IF;

    -- The table's own rules, asked before writing: so a dry run knows them too, and every fault of every row is told at once.
    SELECT string_agg(rule.test, ', ') INTO tests
    FROM (
        SELECT format('CASE WHEN (%s) IS FALSE THEN %L END', pg_get_expr(c.conbin, c.conrelid), c.conname) AS test
        FROM pg_catalog.pg_constraint AS c
        WHERE c.conrelid = 'heartbeat.metric_registry'::pg_catalog.regclass AND c.contype = 'c'
        UNION ALL
        SELECT format('CASE WHEN %I IS NULL THEN %L END', a.attname, a.attname || '_missing')
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = 'heartbeat.metric_registry'::pg_catalog.regclass AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
    ) AS rule;
    FOR id, broken IN EXECUTE format(
        'SELECT wanted.metric_id, rule.name FROM unnest($1) AS wanted CROSS JOIN LATERAL unnest(ARRAY[%s]) AS rule (name) '
        'WHERE rule.name IS NOT NULL ORDER BY wanted.metric_id, rule.name', tests) USING to_insert || to_update
    LOOP
        SELECT pg_get_constraintdef(c.oid) INTO said
        FROM pg_catalog.pg_constraint AS c WHERE c.conrelid = 'heartbeat.metric_registry'::pg_catalog.regclass AND c.conname = broken;
        refusals := refusals || jsonb_build_object('metric_id', id, 'rule', broken,
            'message', format('%s: breaks the rule %s%s.', id, broken, COALESCE(': ' || said, '')));
    END LOOP;

    IF refusals = '[]' AND p_dry_run IS NOT TRUE THEN
        INSERT INTO heartbeat.metric_retirement (metric_id, retired_by, last_row, successor, reason, commit_id, uncommitted)
        SELECT r.metric_id, p_actor, to_jsonb(r),
               (SELECT min(e ->> 'metric_id') FROM jsonb_array_elements(p_rows) AS e WHERE e ->> 'replaces' = r.metric_id),
               p_reason, p_commit, p_uncommitted
        FROM heartbeat.metric_registry AS r WHERE r.metric_id = ANY (retired) ORDER BY r.metric_id;
        DELETE FROM heartbeat.metric_registry AS r WHERE r.metric_id = ANY (retired);
        UPDATE heartbeat.metric_registry AS r SET
            code = w.code, name = w.name, period = w.period, value_sql = w.value_sql, description = w.description,
            sources = w.sources, how_to_read = w.how_to_read, methodology = w.methodology, unit = w.unit, direction = w.direction,
            judge = w.judge, benchmark_kind = w.benchmark_kind, cross_check_sql = w.cross_check_sql, notes = w.notes,
            replaces = w.replaces, alert_after = w.alert_after, recover_after = w.recover_after, dialect = w.dialect,
            definition_hash = w.definition_hash, hash_version = w.hash_version, norm_value = w.norm_value,
            alert_value = w.alert_value, threshold_basis = w.threshold_basis, target_value = w.target_value,
            target_due_date = w.target_due_date, verification_state = w.verification_state, row_version = w.row_version,
            changed_at = w.changed_at, changed_by = w.changed_by, changed_via = w.changed_via, change_reason = w.change_reason,
            change_commit = w.change_commit, change_uncommitted = w.change_uncommitted
        FROM unnest(to_update) AS w WHERE r.metric_id = w.metric_id;
        INSERT INTO heartbeat.metric_registry SELECT w.* FROM unnest(to_insert) AS w;
        SELECT COALESCE(max(c.change_id), 0) INTO current_version FROM heartbeat.registry_change AS c WHERE c.via = 'deploy';
    END IF;

    RETURN jsonb_build_object(
        'version', current_version, 'new', to_jsonb(added), 'new_meaning', to_jsonb(redefined), 'cosmetic', to_jsonb(cosmetic),
        'retired', to_jsonb(retired), 'unchanged', to_jsonb(unchanged), 'kept_people', to_jsonb(kept_people), 'refusals', refusals);
END
$apply$;

REVOKE ALL ON FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) TO heartbeat_deploy;
ALTER FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) OWNER TO heartbeat_guard;
