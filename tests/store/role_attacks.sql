-- What no login may do, one attack per block: its name, what PostgreSQL must answer (a sqlstate, or "runs" for what may answer but
-- must change nothing), and for whom it is no attack. Run by each login in turn; a fingerprint is compared after each.

--- update a threshold | 42501
UPDATE heartbeat.metric_registry SET alert_value = 9
--- update nothing but the version | 42501
UPDATE heartbeat.metric_registry SET row_version = row_version
--- verify a metric | 42501
UPDATE heartbeat.metric_registry SET verification_state = 'verified', owner = 'mallory@x.example'
--- insert a metric | 42501
INSERT INTO heartbeat.metric_registry SELECT * FROM heartbeat.metric_registry
--- upsert a metric | 42501
INSERT INTO heartbeat.metric_registry SELECT * FROM heartbeat.metric_registry ON CONFLICT (metric_id) DO UPDATE SET owner = 'mallory@x.example'
--- merge into the registry | 42501
MERGE INTO heartbeat.metric_registry AS r USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE
--- delete a metric | 42501
DELETE FROM heartbeat.metric_registry
--- truncate the registry | 42501
TRUNCATE heartbeat.metric_registry
--- copy into the registry | 42501
COPY heartbeat.metric_registry FROM '/dev/null'
--- update through the view of what is shown | 55000
UPDATE heartbeat.metric_shown SET alert_value = 9
--- hide a write in a query of what is shown | 42501
SELECT * FROM heartbeat.metric_shown WHERE (SELECT true FROM heartbeat.metric_registry LIMIT 1 FOR UPDATE)
--- change a metric in a WITH | 42501
WITH x AS (DELETE FROM heartbeat.metric_registry RETURNING 1) SELECT * FROM x
--- lock a metric's row | 42501
SELECT * FROM heartbeat.metric_registry FOR UPDATE
--- lock a metric's row for its key | 42501
SELECT * FROM heartbeat.metric_registry FOR KEY SHARE
--- lock the registry against deploys | 42501
BEGIN; LOCK TABLE heartbeat.metric_registry IN SHARE ROW EXCLUSIVE MODE
--- lock the registry against readers | 42501
BEGIN; LOCK TABLE heartbeat.metric_registry IN ACCESS EXCLUSIVE MODE
--- lock the registry as a writer | 42501
BEGIN; LOCK TABLE heartbeat.metric_registry IN ROW EXCLUSIVE MODE
--- switch the guard off | 42501
ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER metric_registry_guard
--- drop the guard's trigger | 42501
DROP TRIGGER metric_registry_guard ON heartbeat.metric_registry
--- replace the guard's function | 42501
CREATE OR REPLACE FUNCTION heartbeat.metric_registry_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
--- drop the guard's function | 42501
DROP FUNCTION heartbeat.metric_registry_guard() CASCADE
--- loosen a door's path | 42501
ALTER FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) RESET search_path
--- take a door over | 42501
ALTER FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) OWNER TO CURRENT_USER
--- replace people's door | 42501
CREATE OR REPLACE FUNCTION heartbeat.patch_verification(p_metric_id text, p_patch jsonb, p_row_version bigint, p_actor text,
    p_actor_proved boolean, p_via text, p_reason text, p_owner_signs boolean DEFAULT false)
RETURNS jsonb LANGUAGE sql AS 'SELECT p_patch'
--- put a door of the same name beside it | 42501
CREATE FUNCTION heartbeat.patch_verification(text) RETURNS text LANGUAGE sql AS 'SELECT $1'
--- drop people's door | 42501
DROP FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean)
--- loosen the path of people's door | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) SET search_path = pg_temp
--- let people's door wait for ever | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) RESET lock_timeout
--- let people's door run as its caller | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) SECURITY INVOKER
--- rename people's door | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) RENAME TO mine
--- move people's door | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) SET SCHEMA public
--- take people's door over | 42501
ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) OWNER TO CURRENT_USER
--- replace what people's door asks | 42501
CREATE OR REPLACE FUNCTION heartbeat.judge(value numeric, direction text, norm numeric, alert numeric, failed boolean, stale boolean,
    OUT status text, OUT status_reason text) LANGUAGE sql AS 'SELECT ''green'', NULL'
--- replace what writes the log | 42501
CREATE OR REPLACE FUNCTION heartbeat.log_registry_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
--- switch the log off | 42501
ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER metric_registry_log
--- loosen what an owner is | 42501
ALTER TABLE heartbeat.metric_registry DROP CONSTRAINT owner_form
--- put a rule on the registry | 42501
CREATE RULE quiet AS ON UPDATE TO heartbeat.metric_registry DO INSTEAD NOTHING
--- put a trigger on the registry | 42501
CREATE TRIGGER mine AFTER INSERT ON heartbeat.metric_registry FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only()
--- drop a check | 42501
ALTER TABLE heartbeat.metric_registry DROP CONSTRAINT verification_state_known
--- add a column | 42501
ALTER TABLE heartbeat.metric_registry ADD COLUMN mine text
--- own the registry | 42501
ALTER TABLE heartbeat.metric_registry OWNER TO CURRENT_USER
--- drop the registry | 42501
DROP TABLE heartbeat.metric_registry CASCADE
--- drop the schema | 42501
DROP SCHEMA heartbeat CASCADE
--- index the registry | 42501
CREATE INDEX mine ON heartbeat.metric_registry (name)
--- comment on the registry | 42501
COMMENT ON TABLE heartbeat.metric_registry IS 'mine'
--- inherit from the registry | 42501
CREATE TABLE heartbeat.mine () INHERITS (heartbeat.metric_registry)
--- row security on the registry | 42501
ALTER TABLE heartbeat.metric_registry ENABLE ROW LEVEL SECURITY

--- forge a line of the log | 42501
INSERT INTO heartbeat.registry_change (metric_id, action, after, actor, via) VALUES ('x', 'insert', '{}', 'ann', 'deploy')
--- change a line of the log | 42501
UPDATE heartbeat.registry_change SET actor = 'olga@x.example'
--- delete the log | 42501
DELETE FROM heartbeat.registry_change
--- truncate the log | 42501
TRUNCATE heartbeat.registry_change
--- move the log's numbers | 42501
SELECT setval('heartbeat.registry_change_change_id_seq', 1)
--- use up the log's numbers | 42501
SELECT nextval('heartbeat.registry_change_change_id_seq')
--- forge a retirement | 42501
INSERT INTO heartbeat.metric_retirement (metric_id, retired_by, last_row) VALUES ('x', 'ann', '{}')
--- change a retirement | 42501
UPDATE heartbeat.metric_retirement SET retired_by = 'ann'
--- delete a retirement | 42501
DELETE FROM heartbeat.metric_retirement

--- change an observation | 42501
UPDATE heartbeat.metric_observation SET value = 0
--- delete observations | 42501
DELETE FROM heartbeat.metric_observation
--- truncate observations | 42501
TRUNCATE heartbeat.metric_observation
--- delete history | 42501
DELETE FROM heartbeat.metric_history
--- truncate history | 42501
TRUNCATE heartbeat.metric_history
--- move a period to another day | 42501
UPDATE heartbeat.metric_history SET period_start = period_start + interval '1 day'
--- move a period to another metric | 42501
UPDATE heartbeat.metric_history SET metric_id = 'another'
--- write history | 42501 | heartbeat_compute
UPDATE heartbeat.metric_history SET value = 0
--- judge history as the guard may | 42501 | heartbeat_compute
UPDATE heartbeat.metric_history SET status = 'green', status_reason = NULL, norm_applied = 99, alert_applied = 99
--- upsert history | 42501 | heartbeat_compute
INSERT INTO heartbeat.metric_history SELECT * FROM heartbeat.metric_history ON CONFLICT (metric_id, period, period_start) DO UPDATE SET status = 'green'
--- merge into history | 42501
MERGE INTO heartbeat.metric_history AS h USING (SELECT 1) AS s ON true WHEN MATCHED THEN UPDATE SET period = 'hour'
--- lock a row of history | 42501 | heartbeat_compute
SELECT * FROM heartbeat.metric_history FOR UPDATE
--- lock history against people and passes | 42501
BEGIN; LOCK TABLE heartbeat.metric_history IN SHARE ROW EXCLUSIVE MODE
--- lock history against readers | 42501
BEGIN; LOCK TABLE heartbeat.metric_history IN ACCESS EXCLUSIVE MODE
--- put a rule on history | 42501
CREATE RULE quiet AS ON UPDATE TO heartbeat.metric_history DO INSTEAD NOTHING
--- put a trigger on history | 42501
CREATE TRIGGER mine BEFORE UPDATE ON heartbeat.metric_history FOR EACH ROW EXECUTE FUNCTION heartbeat.append_only()
--- own the history | 42501
ALTER TABLE heartbeat.metric_history OWNER TO CURRENT_USER
--- add history | 42501 | heartbeat_compute
INSERT INTO heartbeat.metric_history (metric_id, period, period_start, status, status_reason, attempted_at, origin, definition_hash)
VALUES ('x', 'day', now(), 'grey', 'no_value', now(), 'tick', 'x')
--- write a benchmark | 42501 | heartbeat_compute
UPDATE heartbeat.metric_benchmark SET benchmark_mean = 0
--- add a benchmark | 42501 | heartbeat_compute
INSERT INTO heartbeat.metric_benchmark (metric_id, n, window_start, window_end, definition_hash, computed_at)
VALUES ('x', 0, now() - interval '1 day', now(), 'x', now())
--- delete benchmarks | 42501 | heartbeat_compute
DELETE FROM heartbeat.metric_benchmark
--- move a benchmark to another metric | 42501
UPDATE heartbeat.metric_benchmark SET metric_id = 'another'
--- truncate benchmarks | 42501
TRUNCATE heartbeat.metric_benchmark
--- add an observation | 42501 | heartbeat_compute
INSERT INTO heartbeat.metric_observation (metric_id, period, period_start, as_of, definition_hash, origin)
VALUES ('x', 'day', now(), now(), 'x', 'tick')
--- open a run | 42501 | heartbeat_compute
INSERT INTO heartbeat.run (kind, due) VALUES ('tick', now())
--- end a run | 42501 | heartbeat_compute
UPDATE heartbeat.run SET outcome = 'ok', ended = now()
--- change what a run was | 42501
UPDATE heartbeat.run SET kind = 'manual', due = now(), actor = 'ann'
--- delete runs | 42501
DELETE FROM heartbeat.run
--- hold the clock | 42501 | heartbeat_compute
SELECT * FROM heartbeat.clock FOR UPDATE
--- share the clock | 42501 | heartbeat_compute
SELECT * FROM heartbeat.clock FOR SHARE
--- lock the clock's table | 42501 | heartbeat_compute
BEGIN; LOCK TABLE heartbeat.clock IN ACCESS EXCLUSIVE MODE
--- remove the clock | 42501
DELETE FROM heartbeat.clock
--- make a token | 42501
INSERT INTO heartbeat.api_token (name, role, hash) VALUES ('mallory', 'operator', repeat('a', 64))
--- take a token over | 42501
UPDATE heartbeat.api_token SET hash = repeat('a', 64)
--- raise a token to an operator's | 42501
UPDATE heartbeat.api_token SET role = 'operator'
--- bring a revoked token back | 42501
UPDATE heartbeat.api_token SET revoked = NULL
--- give a token another name | 42501
UPDATE heartbeat.api_token SET name = 'olga@x.example'
--- say that a token was used | 42501 | heartbeat_operator
UPDATE heartbeat.api_token SET last_used = now()
--- upsert a token | 42501
INSERT INTO heartbeat.api_token (name, role, hash) VALUES ('ann', 'operator', repeat('a', 64)) ON CONFLICT (name) DO UPDATE SET last_used = now()
--- delete tokens | 42501
DELETE FROM heartbeat.api_token
--- truncate tokens | 42501
TRUNCATE heartbeat.api_token
--- lock the tokens | 42501
BEGIN; LOCK TABLE heartbeat.api_token IN ACCESS EXCLUSIVE MODE
--- read the tokens' hashes | 42501 | heartbeat_operator heartbeat_reader
SELECT hash FROM heartbeat.api_token
--- add an audit | 42501 | heartbeat_compute
INSERT INTO heartbeat.metric_audit (metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report)
VALUES ('aaa', '2026-11-24', now(), 'mallory', 'hash of aaa', 'holds', '[{"name": "source", "verdict": "holds", "why": "x"}]', 'reports/mine.md')
--- add an audit of another time | 42501
INSERT INTO heartbeat.metric_audit (metric_id, audit_date, at, as_of, auditor, definition_hash, verdict, layers, report)
VALUES ('aaa', '2026-11-24', '2020-01-01', now(), 'ann', 'x', 'holds', '[{"name": "source", "verdict": "holds", "why": "x"}]', 'reports/mine.md')
--- make an audit a pass | 42501
UPDATE heartbeat.metric_audit SET verdict = 'holds'
--- upsert an audit | 42501
INSERT INTO heartbeat.metric_audit (metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report)
SELECT metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report FROM heartbeat.metric_audit
ON CONFLICT (report) DO UPDATE SET verdict = 'holds'
--- delete audits | 42501
DELETE FROM heartbeat.metric_audit
--- truncate audits | 42501
TRUNCATE heartbeat.metric_audit CASCADE
--- lock the audits against readers | 42501
BEGIN; LOCK TABLE heartbeat.metric_audit IN ACCESS EXCLUSIVE MODE
--- own the audits | 42501
ALTER TABLE heartbeat.metric_audit OWNER TO CURRENT_USER
--- let audits be changed | 42501
ALTER TABLE heartbeat.metric_audit DISABLE TRIGGER metric_audit_append_only
--- forge a review | 42501
INSERT INTO heartbeat.metric_review (audit_id, metric_id, outcome, why, actor, proved, via, definition_hash)
SELECT audit_id, metric_id, 'agrees', 'x', 'olga@x.example', true, 'cockpit', definition_hash FROM heartbeat.metric_audit
--- change a review | 42501
UPDATE heartbeat.metric_review SET outcome = 'agrees'
--- delete reviews | 42501
DELETE FROM heartbeat.metric_review
--- truncate reviews | 42501
TRUNCATE heartbeat.metric_review
--- let reviews be forged | 42501
ALTER TABLE heartbeat.metric_review DISABLE TRIGGER metric_review_guard
--- forge a hand count | 42501
INSERT INTO heartbeat.metric_hand_count (metric_id, period, period_start, value, source, actor, proved, via)
VALUES ('aaa', 'day', '2026-11-23', 7, 'the ledger', 'olga@x.example', true, 'cockpit')
--- change a hand count | 42501
UPDATE heartbeat.metric_hand_count SET value = 7
--- delete hand counts | 42501
DELETE FROM heartbeat.metric_hand_count
--- truncate hand counts | 42501
TRUNCATE heartbeat.metric_hand_count
--- move the hand counts' numbers | 42501
SELECT setval('heartbeat.metric_hand_count_count_id_seq', 1)
--- say that a migration was applied | 42501
INSERT INTO heartbeat.schema_version (number, name, sha256) VALUES (999, 'x', 'x')
--- hold migrations up | 42501
BEGIN; LOCK TABLE heartbeat.schema_version IN SHARE ROW EXCLUSIVE MODE

--- deploy past the door's role | 42501 | heartbeat_deploy
SELECT heartbeat.apply_registry('[]', NULL, 'ann', NULL, NULL, NULL, 9, false)
--- patch past the door's role | 42501 | heartbeat_operator
SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch in a query that looks harmless | 42501 | heartbeat_operator
SELECT name FROM heartbeat.metric_shown WHERE heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL) IS NOT NULL
--- copy a patch's answer out | 42501 | heartbeat_operator
COPY (SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)) TO STDOUT
--- forge a deploy through people's door | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'deploy', NULL)
--- forge it with a space | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, ' deploy', NULL)
--- patch as nobody | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, ' ', true, 'cockpit', NULL)
--- patch from an older snapshot | 25000 | heartbeat_deploy heartbeat_compute heartbeat_reader
BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch from a serializable one | 25000 | heartbeat_deploy heartbeat_compute heartbeat_reader
BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch where nothing may be written | 25006 | heartbeat_deploy heartbeat_compute heartbeat_reader
BEGIN READ ONLY; SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch what the file or the record owns | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"definition_hash": "x", "row_version": 9, "changed_by": "x", "owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch with another's version | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"owner": "mallory@x.example"}', 7, 'olga@x.example', true, 'cockpit', NULL)
--- patch with an owner that is two | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa', '{"owner": "a@x.example,b@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- a quote in the id | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.patch_verification('aaa'' OR true --', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', NULL)
--- patch and take it back | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
BEGIN; SAVEPOINT a; SELECT heartbeat.patch_verification('aaa', '{"nonsense": 1}', 1, 'olga@x.example', true, 'cockpit', NULL); ROLLBACK
--- review past the door's role | 42501 | heartbeat_operator
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)
--- review in a query that looks harmless | 42501 | heartbeat_operator
SELECT name FROM heartbeat.metric_shown WHERE (SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)) IS NOT NULL
--- count past the door's role | 42501 | heartbeat_operator
SELECT heartbeat.count_by_hand('aaa', 'day', '2026-11-23', 7, 'the ledger', 'olga@x.example', true, 'cockpit')
--- replace the door of reviews | 42501
CREATE OR REPLACE FUNCTION heartbeat.review_metric(p_metric_id text, p_outcome text, p_why text, p_patch jsonb, p_row_version bigint,
    p_actor text, p_actor_proved boolean, p_via text, p_owner_signs boolean) RETURNS jsonb LANGUAGE sql AS 'SELECT p_patch'
--- take the door of reviews over | 42501
ALTER FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) OWNER TO CURRENT_USER
--- let the door of reviews run as its caller | 42501
ALTER FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) SECURITY INVOKER
--- loosen the path of the door of counts | 42501
ALTER FUNCTION heartbeat.count_by_hand(text, text, timestamptz, numeric, text, text, boolean, text) RESET search_path
--- drop the door of counts | 42501
DROP FUNCTION heartbeat.count_by_hand(text, text, timestamptz, numeric, text, text, boolean, text)
--- grant oneself the door of reviews | 42501 | heartbeat_operator
GRANT EXECUTE ON FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) TO CURRENT_USER
--- hand the door of reviews on | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
GRANT EXECUTE ON FUNCTION heartbeat.review_metric(text, text, text, jsonb, bigint, text, boolean, text, boolean) TO PUBLIC
--- review as a deploy | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'deploy', false)
--- review as nobody | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, ' ', true, 'cockpit', false)
--- review from an older snapshot | 25000 | heartbeat_deploy heartbeat_compute heartbeat_reader
BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)
--- agree where nobody owns the metric | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)
--- agree with another's version | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', NULL, 7, 'olga@x.example', true, 'cockpit', false)
--- agree where no audit was | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('bbb', 'agrees', 'checked', NULL, 2, 'olga@x.example', true, 'cockpit', false)
--- agree and take the metric with it | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'agrees', 'checked', '{"owner": "mallory@x.example"}', 1, 'olga@x.example', true, 'cockpit', false)
--- take thresholds and the metric with them | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'wrong-thresholds', 'checked', '{"owner": "mallory@x.example", "norm_value": 1, "alert_value": 2, "threshold_basis": "b"}', 1, 'olga@x.example', true, 'cockpit', false)
--- an outcome of one's own | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa', 'retire', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)
--- a quote in the id of a review | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.review_metric('aaa'' OR true --', 'agrees', 'checked', NULL, 1, 'olga@x.example', true, 'cockpit', false)
--- count as a deploy | 22023 | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('aaa', 'day', '2026-11-23', 7, 'the ledger', 'olga@x.example', true, 'deploy')
--- count what is no number | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('aaa', 'day', '2026-11-23', 'NaN', 'the ledger', 'olga@x.example', true, 'cockpit')
--- count the future | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('aaa', 'day', 'infinity', 7, 'the ledger', 'olga@x.example', true, 'cockpit')
--- count for a metric that is not there | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('../../x', 'day', '2026-11-23', 7, 'the ledger', 'olga@x.example', true, 'cockpit')
--- count by another grain | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('aaa', 'hour', '2026-11-23', 7, 'the ledger', 'olga@x.example', true, 'cockpit')
--- count without a source | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
SELECT heartbeat.count_by_hand('aaa', 'day', '2026-11-23', 7, ' ', 'olga@x.example', true, 'cockpit')
--- call the guard | 42501
SELECT heartbeat.metric_registry_guard()
--- call the log | 42501
SELECT heartbeat.log_registry_change()

--- become the guard | 42501
SET ROLE heartbeat_guard
--- become the superuser | 42501
SET ROLE postgres
--- be the superuser's session | 42501
SET SESSION AUTHORIZATION postgres
--- be the guard's session | 42501
SET SESSION AUTHORIZATION heartbeat_guard
--- become the deploy | 42501 | heartbeat_deploy
SET ROLE heartbeat_deploy
--- become an operator | 42501 | heartbeat_operator
SET ROLE heartbeat_operator
--- become compute | 42501 | heartbeat_compute
SET ROLE heartbeat_compute
--- be the deploy's session | 42501 | heartbeat_deploy
SET SESSION AUTHORIZATION heartbeat_deploy
--- be an operator's session | 42501 | heartbeat_operator
SET SESSION AUTHORIZATION heartbeat_operator
--- name the guard by a setting | 42501
SELECT set_config('role', 'heartbeat_guard', false)
--- name another session by a setting | 42501
SELECT set_config('session_authorization', 'postgres', false)
--- be nobody else | runs
RESET ROLE
--- join the guard | 42501
GRANT heartbeat_guard TO CURRENT_USER
--- join another role | 42501
GRANT pg_write_all_data TO CURRENT_USER
--- let the guard log in | 42501
ALTER ROLE heartbeat_guard LOGIN PASSWORD 'x'
--- become mighty | 42501
ALTER ROLE CURRENT_USER SUPERUSER
--- make a role | 42501
CREATE ROLE mine
--- drop a role | 42501
DROP ROLE heartbeat_guard
--- another role's password | 42501
ALTER ROLE postgres PASSWORD 'x'
--- another role's settings | 42501
ALTER ROLE heartbeat_guard SET search_path = pg_temp
--- the database's settings | 42501
ALTER DATABASE postgres SET search_path = pg_temp
--- the server's settings | 42501
ALTER SYSTEM SET fsync = off
--- fire no triggers | 42501
SET session_replication_role = replica
--- grant oneself the registry | runs
GRANT UPDATE ON heartbeat.metric_registry TO CURRENT_USER
--- grant oneself a door | 42501 | heartbeat_deploy
GRANT EXECUTE ON FUNCTION heartbeat.apply_registry(jsonb, bigint, text, text, text, boolean, integer, boolean) TO CURRENT_USER
--- grant oneself people's door | 42501 | heartbeat_operator
GRANT EXECUTE ON FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) TO CURRENT_USER
--- grant everybody people's door | 42501 | heartbeat_operator
GRANT EXECUTE ON FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) TO PUBLIC
--- hand one's door on | runs | heartbeat_deploy heartbeat_compute heartbeat_reader
GRANT EXECUTE ON FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) TO PUBLIC
--- grant oneself the history | runs
GRANT UPDATE ON heartbeat.metric_history TO CURRENT_USER
--- read passwords | 42501
SELECT rolpassword FROM pg_catalog.pg_authid

--- a temporary table | 42501
CREATE TEMP TABLE mine (x integer)
--- a temporary type | 42501
CREATE TYPE pg_temp.date AS (x integer)
--- a temporary type named like the door's | 42501
CREATE TYPE pg_temp.jsonb AS (x integer)
--- a temporary domain | 42501
CREATE DOMAIN pg_temp.text AS integer
--- a temporary function | 42501
CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'
--- a temporary table named like a catalogue | 42501
CREATE TEMP TABLE pg_constraint (conrelid oid, conname name, conbin text)
--- a temporary operator | 42501
CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)
--- a cast | 42501
CREATE CAST (text AS jsonb) WITH INOUT AS IMPLICIT
--- a temporary view | 42501
CREATE TEMP VIEW mine AS SELECT 1
--- a table | 42501
CREATE TABLE heartbeat.mine (x integer)
--- a table in public | 42501
CREATE TABLE public.mine (x integer)
--- a schema | 42501
CREATE SCHEMA mine
--- a function | 42501
CREATE FUNCTION heartbeat.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'
--- a function in public | 42501
CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'
--- a block of code | 42501
DO 'BEGIN NULL; END'
--- drop an extension | 42501
DROP EXTENSION plpgsql CASCADE
--- a language | 42501
CREATE LANGUAGE mine HANDLER plpgsql_call_handler
--- an event trigger | 42501
CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION heartbeat.append_only()
--- a publication | 42501
CREATE PUBLICATION mine
--- a tablespace | 42501
CREATE TABLESPACE mine LOCATION '/nowhere'
--- a database | 42501
CREATE DATABASE mine
--- drop a database | 42501
DROP DATABASE postgres
--- a large object from bytes | 42501
SELECT lo_from_bytea(0, 'x')
--- a large object | 42501
SELECT lo_creat(-1)
--- a large object of one's own number | 42501
SELECT lo_create(4711)
--- a large object from a file | 42501
SELECT lo_import('/etc/passwd')
--- write a large object | 42501
SELECT lowrite(lo_open(1, 131072), 'x')
--- put into a large object | 42501
SELECT lo_put(1, 0, 'x')

--- run a program | 42501
COPY (SELECT 1) TO PROGRAM 'touch /tmp/mine'
--- write a file | 42501
COPY (SELECT 1) TO '/tmp/mine'
--- read a file | 42501
SELECT pg_read_file('/etc/passwd')
--- list a folder | 42501
SELECT pg_ls_dir('.')
--- edit the catalogue | 42501
UPDATE pg_catalog.pg_trigger SET tgenabled = 'D'
--- edit the catalogue's functions | 42501
DELETE FROM pg_catalog.pg_proc WHERE proname = 'metric_registry_guard'
--- end another session | 42501
SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = 'postgres'
--- reload the configuration | 42501
SELECT pg_reload_conf()
--- switch the log | 42501
SELECT pg_switch_wal()
--- reset the statistics | 42501
SELECT pg_stat_reset()
--- reindex | 42501
REINDEX TABLE heartbeat.metric_registry
--- vacuum | runs
VACUUM heartbeat.metric_registry
--- prepare a transaction | runs
BEGIN; ROLLBACK
--- call out | runs
NOTIFY mine
--- hold an advisory lock | runs
SELECT pg_advisory_lock(1)
--- a path of one's own | runs
SET search_path = pg_temp
