-- Stage 8: what audits found, what people answered, and what they counted by hand. All three are records: nobody changes or removes
-- one, and what a person says only comes in through a door of the guard. No table refers to the registry, because the evidence of
-- a retired metric stays for ever.

ALTER TABLE heartbeat.run DROP CONSTRAINT run_kind_known;
ALTER TABLE heartbeat.run ADD CONSTRAINT run_kind_known
    CHECK (kind IN ('tick', 'load', 'backfill', 'benchmarks', 'manual', 'deploy', 'audit'));

-- One row per finished audit. `report` and `notebook` are paths relative to the workspace; definition_hash is the meaning that was
-- looked at, as_of the instant of its numbers. layers: [{name, verdict, why}], in the order of the report.
CREATE TABLE heartbeat.metric_audit (
    audit_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_id        text NOT NULL CONSTRAINT audit_metric_id_form CHECK (metric_id ~ '^[a-z][a-z0-9_]{2,62}$'),
    audit_date       date NOT NULL,
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    as_of            timestamptz NOT NULL,
    auditor          text NOT NULL CONSTRAINT auditor_present CHECK (auditor ~ '\S'),
    definition_hash  text NOT NULL CONSTRAINT audit_definition_hash_present CHECK (definition_hash ~ '\S'),
    verdict          text NOT NULL CONSTRAINT audit_verdict_known CHECK (verdict IN ('holds', 'doubtful', 'fails')),
    -- In lax mode a missing key compares as false, so that a layer without one is found too.
    layers           jsonb NOT NULL CONSTRAINT layers_form CHECK (
                         jsonb_typeof(layers) = 'array' AND layers <> '[]'
                         AND NOT jsonb_path_exists(layers, '$[*] ? (!(@.name == "methodology" || @.name == "source" || @.name == "rebuild"
                             || @.name == "history" || @.name == "action") || !(@.verdict == "holds" || @.verdict == "doubtful"
                             || @.verdict == "fails" || @.verdict == "not examined") || !(@.why.type() == "string"))')),
    -- Whoever opens a report by this path stays inside the workspace.
    report           text NOT NULL CONSTRAINT report_unique UNIQUE
                     CONSTRAINT report_inside CHECK (report ~ '\.md$' AND report !~ '^/|(^|/)\.\.(/|$)|[\\\u0001-\u001f]'),
    notebook         text CONSTRAINT notebook_inside CHECK (notebook ~ '\.ipynb$' AND notebook !~ '^/|(^|/)\.\.(/|$)|[\\\u0001-\u001f]'),
    run_id           bigint REFERENCES heartbeat.run
);
CREATE INDEX metric_audit_metric ON heartbeat.metric_audit (metric_id, audit_id);

-- One row per answer of a person to an audit. definition_hash is the meaning that was answered for; session_login is who really
-- was connected, `proved` whether the door had proof of the actor.
CREATE TABLE heartbeat.metric_review (
    review_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    audit_id         bigint NOT NULL REFERENCES heartbeat.metric_audit,
    metric_id        text NOT NULL,
    outcome          text NOT NULL CONSTRAINT outcome_known
                     CHECK (outcome IN ('agrees', 'wrong-number', 'wrong-thresholds', 'not-worth-keeping')),
    why              text NOT NULL CONSTRAINT why_present CHECK (why ~ '\S'),
    actor            text NOT NULL,
    proved           boolean NOT NULL,
    via              text NOT NULL,
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    definition_hash  text NOT NULL,
    session_login    text NOT NULL DEFAULT session_user
);
CREATE INDEX metric_review_metric ON heartbeat.metric_review (metric_id, review_id);

-- One row per number that a person counted. Of several for one period the newest stands: so a slip is mended. The value keeps the
-- digits that were written, because they say how exactly it was counted.
CREATE TABLE heartbeat.metric_hand_count (
    count_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric_id      text NOT NULL,
    period         text NOT NULL CONSTRAINT hand_count_period_known CHECK (period IN ('hour', 'day', 'week', 'month', 'quarter', 'year')),
    period_start   timestamptz NOT NULL CONSTRAINT hand_count_period_start_finite CHECK (isfinite(period_start)),
    value          numeric NOT NULL CONSTRAINT hand_count_finite CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity')),
    source         text NOT NULL CONSTRAINT hand_count_source_present CHECK (source ~ '\S'),
    actor          text NOT NULL,
    proved         boolean NOT NULL,
    via            text NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    session_login  text NOT NULL DEFAULT session_user
);
CREATE INDEX metric_hand_count_period ON heartbeat.metric_hand_count (metric_id, period, period_start, count_id);

CREATE TRIGGER metric_audit_append_only BEFORE UPDATE OR DELETE ON heartbeat.metric_audit
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_audit_append_only_truncate BEFORE TRUNCATE ON heartbeat.metric_audit
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_review_guard BEFORE INSERT ON heartbeat.metric_review
    FOR EACH ROW EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER metric_review_append_only BEFORE UPDATE OR DELETE ON heartbeat.metric_review
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_review_append_only_truncate BEFORE TRUNCATE ON heartbeat.metric_review
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_hand_count_guard BEFORE INSERT ON heartbeat.metric_hand_count
    FOR EACH ROW EXECUTE FUNCTION heartbeat.metric_registry_guard();
CREATE TRIGGER metric_hand_count_append_only BEFORE UPDATE OR DELETE ON heartbeat.metric_hand_count
    FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only();
CREATE TRIGGER metric_hand_count_append_only_truncate BEFORE TRUNCATE ON heartbeat.metric_hand_count
    FOR EACH STATEMENT EXECUTE FUNCTION heartbeat.append_only();
ALTER TABLE heartbeat.metric_audit ENABLE ALWAYS TRIGGER metric_audit_append_only;
ALTER TABLE heartbeat.metric_audit ENABLE ALWAYS TRIGGER metric_audit_append_only_truncate;
ALTER TABLE heartbeat.metric_review ENABLE ALWAYS TRIGGER metric_review_guard;
ALTER TABLE heartbeat.metric_review ENABLE ALWAYS TRIGGER metric_review_append_only;
ALTER TABLE heartbeat.metric_review ENABLE ALWAYS TRIGGER metric_review_append_only_truncate;
ALTER TABLE heartbeat.metric_hand_count ENABLE ALWAYS TRIGGER metric_hand_count_guard;
ALTER TABLE heartbeat.metric_hand_count ENABLE ALWAYS TRIGGER metric_hand_count_append_only;
ALTER TABLE heartbeat.metric_hand_count ENABLE ALWAYS TRIGGER metric_hand_count_append_only_truncate;

-- One person's answer to the newest audit of the metric's present meaning: the answer and what follows from it, or nothing.
--
-- p_outcome   agrees: the metric is verified. wrong-thresholds: it gets those of p_patch and is verified. wrong-number: it is
--             unverified, whoever owns it. not-worth-keeping: it is written down, and nothing else.
-- p_why       what convinced; it is the reason of the change too.
-- p_patch     for wrong-thresholds alone: norm_value, alert_value and threshold_basis, as heartbeat.patch_verification takes them.
-- the others  as heartbeat.patch_verification takes them. p_owner_signs: only the owner's own proved identity agrees.
--
-- Out: {changed, refusals, row} as from heartbeat.patch_verification, where `changed` speaks of the registry's row, and with
-- {review_id, audit_id}, both null where the answer was refused.
CREATE FUNCTION heartbeat.review_metric(
    p_metric_id pg_catalog.text,
    p_outcome pg_catalog.text,
    p_why pg_catalog.text,
    p_patch pg_catalog.jsonb,
    p_row_version pg_catalog.int8,
    p_actor pg_catalog.text,
    p_actor_proved pg_catalog.bool,
    p_via pg_catalog.text,
    p_owner_signs pg_catalog.bool
) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
SET timezone = 'UTC'
AS $review$
#variable_conflict error
DECLARE
    thresholds CONSTANT pg_catalog.text[] := ARRAY['norm_value', 'alert_value', 'threshold_basis'];
    signs CONSTANT pg_catalog.bool := p_outcome IN ('agrees', 'wrong-thresholds');
    base heartbeat.metric_registry;
    patch pg_catalog.jsonb := '{}';
    strange pg_catalog.text;
    answer pg_catalog.jsonb;
    refusals pg_catalog.jsonb := '[]';
    audited pg_catalog.int8;
    reviewed pg_catalog.int8;
BEGIN
    -- As people's door does; the row stands still from here on, so no deploy changes its meaning before the answer is written.
    LOCK TABLE heartbeat.metric_registry IN ROW EXCLUSIVE MODE;
    SELECT * INTO base FROM heartbeat.metric_registry AS r WHERE r.metric_id = p_metric_id FOR UPDATE;
    IF p_outcome = 'wrong-thresholds' AND jsonb_typeof(p_patch) = 'object' THEN
        SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{}') INTO patch FROM jsonb_each(p_patch) AS e WHERE e.key = ANY (thresholds);
        SELECT string_agg(k, ', ' ORDER BY k) INTO strange FROM jsonb_object_keys(p_patch) AS k WHERE k <> ALL (thresholds);
    ELSIF p_patch <> '{}' AND jsonb_typeof(p_patch) <> 'null' THEN
        strange := 'a patch';
    END IF;

    IF COALESCE(p_outcome, '') NOT IN ('agrees', 'wrong-number', 'wrong-thresholds', 'not-worth-keeping') THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'outcome', 'rule', 'outcome_known',
            'message', format('The outcome of a review is agrees, wrong-number, wrong-thresholds or not-worth-keeping, not %L.', p_outcome));
    END IF;
    IF COALESCE(p_why, '') !~ '\S' THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'why', 'rule', 'why_missing',
            'message', 'Say why: what in the audit convinced you, or what it missed. The record keeps it.');
    END IF;
    IF strange IS NOT NULL THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'patch', 'rule', 'not_of_a_review',
            'message', format('A review takes norm_value, alert_value and threshold_basis, with wrong-thresholds alone; not %s.', strange));
    END IF;
    IF p_outcome = 'wrong-thresholds' AND (
        patch - 'threshold_basis' IN ('{}', '{"norm_value": null, "alert_value": null}') OR to_jsonb(base) @> (patch - 'threshold_basis')) THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'norm_value', 'rule', 'thresholds_missing',
            'message', 'Say which thresholds are right: a norm, an alert or both, other than those that stand, and the basis they come from.');
    END IF;
    -- Signing what is signed already is no change to people's door; it is another signature all the same.
    IF signs AND base.verification_state = 'verified' AND base.owner IS NULL THEN
        refusals := refusals || jsonb_build_object('kind', 'state', 'field', 'verification_state', 'rule', 'verifying_needs_owner',
            'message', 'Nobody owns this metric. Verified means that a named person stands behind the number: name the owner first.');
    ELSIF signs AND base.verification_state = 'verified' AND p_owner_signs
        AND NOT (p_actor_proved IS TRUE AND lower(p_actor) = lower(base.owner)) THEN
        refusals := refusals || jsonb_build_object('kind', 'state', 'field', 'verification_state', 'rule', 'owner_must_sign',
            'message', format('In this workspace only the owner verifies, with a proved identity: %s. You are %s, %s.', base.owner, p_actor,
                              CASE WHEN p_actor_proved THEN 'proved' ELSE 'self-declared' END));
    END IF;
    SELECT max(a.audit_id) INTO audited FROM heartbeat.metric_audit AS a
    WHERE a.metric_id = p_metric_id AND a.definition_hash = base.definition_hash;
    IF audited IS NULL THEN
        refusals := refusals || jsonb_build_object('kind', 'state', 'field', NULL, 'rule', 'audit_missing',
            'message', format('A review answers an audit, and the present meaning of %1$s has none. Run `heartbeat audit %1$s` first.', p_metric_id));
    END IF;

    -- Always through people's door, where version, actor and every rule about thresholds and signatures are asked. A field that
    -- does not exist keeps it shut where the answer is refused already: it tells its own faults then and writes nothing.
    answer := heartbeat.patch_verification(
        p_metric_id,
        patch || jsonb_build_object('verification_state', CASE
            WHEN signs THEN 'verified'
            WHEN p_outcome = 'wrong-number' THEN 'unverified'
            ELSE base.verification_state END) || CASE WHEN refusals = '[]' THEN '{}'::pg_catalog.jsonb ELSE '{"": null}' END,
        p_row_version, p_actor, p_actor_proved, p_via, p_why, p_owner_signs);
    IF answer @? '$.refusals[*] ? (@.kind == "unknown_metric" || @.kind == "stale")' THEN
        RETURN answer || '{"review_id": null, "audit_id": null}';
    END IF;
    SELECT refusals || COALESCE(jsonb_agg(told), '[]') INTO refusals
    FROM jsonb_array_elements(answer -> 'refusals') AS told
    WHERE told ->> 'field' IS DISTINCT FROM '' AND told ->> 'rule' <> 'verifying_needs_reason';
    IF refusals <> '[]' THEN
        RETURN answer || jsonb_build_object('changed', false, 'refusals', refusals, 'review_id', NULL, 'audit_id', NULL);
    END IF;
    INSERT INTO heartbeat.metric_review (audit_id, metric_id, outcome, why, actor, proved, via, definition_hash)
    VALUES (audited, p_metric_id, p_outcome, p_why, p_actor, COALESCE(p_actor_proved, false), p_via, base.definition_hash)
    RETURNING review_id INTO reviewed;
    RETURN answer || jsonb_build_object('review_id', reviewed, 'audit_id', audited);
END
$review$;

-- One number that a person counted, for one period of a living metric.
--
-- p_period, p_period_start   the metric's grain and the first instant of the period in the workspace's zone, which the caller knows.
-- p_source                   from which report the number is.
--
-- Out: {changed, refusals: [{kind, field, rule, message}], row}; row is the count as it was written, null where it was refused.
CREATE FUNCTION heartbeat.count_by_hand(
    p_metric_id pg_catalog.text,
    p_period pg_catalog.text,
    p_period_start pg_catalog.timestamptz,
    p_value pg_catalog.numeric,
    p_source pg_catalog.text,
    p_actor pg_catalog.text,
    p_actor_proved pg_catalog.bool,
    p_via pg_catalog.text
) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '10s'
SET timezone = 'UTC'
AS $count$
#variable_conflict error
DECLARE
    grain pg_catalog.text;
    written heartbeat.metric_hand_count;
    refusals pg_catalog.jsonb := '[]';
BEGIN
    IF p_actor IS NULL OR p_actor !~ '\S' OR p_via IS NULL OR p_via !~ '^[a-z][a-z_-]*$' OR p_via = 'deploy' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'count_by_hand: p_actor and p_via must name who counted and through which door',
            HINT = 'p_via is one lower-case word, such as cockpit, api or cli; deploy is the other door''s.';
    END IF;
    -- FOR SHARE: a deploy that changes the grain waits, or this does and sees it.
    SELECT r.period INTO grain FROM heartbeat.metric_registry AS r WHERE r.metric_id = p_metric_id FOR SHARE;
    IF NOT FOUND THEN
        refusals := refusals || jsonb_build_object('kind', 'unknown_metric', 'field', 'metric_id', 'rule', 'unknown_metric',
            'message', format('There is no living metric %L.', p_metric_id));
    ELSIF p_period IS DISTINCT FROM grain THEN
        refusals := refusals || jsonb_build_object('kind', 'stale', 'field', 'period', 'rule', 'period_changed',
            'message', format('%s is judged by the %s and not by the %s any more. Look at it as it stands now and count again.',
                              p_metric_id, grain, p_period));
    END IF;
    IF p_period_start IS NULL OR NOT isfinite(p_period_start) OR p_period_start > now() THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'period', 'rule', 'period_to_come',
            'message', 'The period has to have begun: nobody can have counted what is to come.');
    END IF;
    IF p_value IS NULL OR p_value IN ('NaN', 'Infinity', '-Infinity') THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'value', 'rule', 'value_form',
            'message', 'The counted value must be a finite number.');
    END IF;
    IF COALESCE(p_source, '') !~ '\S' THEN
        refusals := refusals || jsonb_build_object('kind', 'value', 'field', 'source', 'rule', 'source_missing',
            'message', 'Say from which report the number is, so that somebody else can find it.');
    END IF;
    IF refusals <> '[]' THEN
        RETURN jsonb_build_object('changed', false, 'row', NULL, 'refusals', refusals);
    END IF;
    INSERT INTO heartbeat.metric_hand_count (metric_id, period, period_start, value, source, actor, proved, via)
    VALUES (p_metric_id, grain, p_period_start, p_value, p_source, p_actor, COALESCE(p_actor_proved, false), p_via)
    RETURNING * INTO written;
    RETURN jsonb_build_object('changed', true, 'row', to_jsonb(written), 'refusals', refusals);
END
$count$;

GRANT SELECT ON heartbeat.metric_audit, heartbeat.metric_review, heartbeat.metric_hand_count
    TO heartbeat_guard, heartbeat_deploy, heartbeat_operator, heartbeat_compute, heartbeat_reader;
-- By column: when an audit was written is the database's to say.
GRANT INSERT (metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report, notebook, run_id)
    ON heartbeat.metric_audit TO heartbeat_compute;
GRANT INSERT ON heartbeat.metric_review, heartbeat.metric_hand_count TO heartbeat_guard;
REVOKE ALL ON FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION heartbeat.count_by_hand(text, text, timestamptz, numeric, text, text, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) TO heartbeat_operator;
GRANT EXECUTE ON FUNCTION heartbeat.count_by_hand(text, text, timestamptz, numeric, text, text, boolean, text) TO heartbeat_operator;
ALTER FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) OWNER TO heartbeat_guard;
ALTER FUNCTION heartbeat.count_by_hand(text, text, timestamptz, numeric, text, text, boolean, text) OWNER TO heartbeat_guard;
