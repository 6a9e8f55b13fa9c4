"""What the four logins can do, and what they cannot, whatever they try.

A refusal counts only with its reason, so each login first shows that it can do its own work.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from heartbeat_lib.store import Role
from tests.store.door import audit, call, count_by_hand, review

HERE = Path(__file__).parent
FINGERPRINT = (HERE / "fingerprint.sql").read_bytes()


def attacks():
    """(name, expected, roles for whom it is none, statement) of the data file."""
    for block in (HERE / "role_attacks.sql").read_text("utf-8").split("\n--- ")[1:]:
        head, _, statement = block.partition("\n")
        name, expected, *spared = (part.strip() for part in head.split("|"))
        yield name, expected, " ".join(spared), statement.strip()


@pytest.fixture
def attacked(fresh_store, row):
    """A store with something in every table, so that an attack would have something to hit."""
    store = fresh_store
    with store.connect(Role.DEPLOY) as connection:
        three = [row("aaa", norm_value=5, alert_value=10, direction="higher_is_worse"), row("bbb"), row("ccc")]
        for rows in (three, three[:2]):
            connection.execute(
                "SELECT heartbeat.apply_registry(%s, NULL, 'ann@x.example', 'a test', NULL, NULL, 0, false)",
                [psycopg.types.json.Jsonb(rows)],
            )
            connection.commit()
    work(store)
    with store.connect(Role.OPERATOR) as connection:
        assert call(connection, {"owner": "olga@x.example"}, metric_id="bbb", version=1)["changed"]
        assert review(connection, "not-worth-keeping", metric_id="aaa", version=1)["review_id"]
        assert count_by_hand(connection, 7, metric_id="aaa")["changed"]
    with store.connect_migrating() as connection:
        connection.execute("INSERT INTO heartbeat.api_token (name, role, hash) VALUES ('ann', 'reader', repeat('0', 64))")
    return store


def work(store):
    """What compute does all day."""
    with store.connect(Role.COMPUTE) as connection:
        connection.execute("SELECT FROM heartbeat.clock FOR UPDATE NOWAIT")
        (run_id,) = connection.execute(
            "INSERT INTO heartbeat.run (kind, due) VALUES ('tick', now()) RETURNING run_id"
        ).fetchall()[0]
        connection.execute(
            "INSERT INTO heartbeat.metric_observation (metric_id, period, period_start, as_of, value, definition_hash, "
            "origin, run_id) "
            "VALUES ('aaa', 'day', '2026-11-24', now(), 7, 'x', 'tick', %s)",
            [run_id],
        )
        connection.execute(
            "INSERT INTO heartbeat.metric_history "
            "(metric_id, period, period_start, value, status, computed_at, attempted_at, origin, definition_hash) "
            "SELECT 'aaa', 'day', '2026-11-24', 7, judged.status, now(), now(), 'tick', 'x' "
            "FROM heartbeat.judge(7, 'higher_is_worse', 5, 10, false, false) AS judged "
            "ON CONFLICT (metric_id, period, period_start) DO UPDATE SET value = excluded.value, status = excluded.status"
        )
        connection.execute(
            "INSERT INTO heartbeat.metric_benchmark (metric_id, n, window_start, window_end, definition_hash, computed_at) "
            "VALUES ('aaa', 0, '2026-10-25', '2026-11-24', 'x', now()) ON CONFLICT (metric_id) DO UPDATE SET n = excluded.n"
        )
        audit(connection, metric_id="aaa", run_id=run_id)
        connection.execute("UPDATE heartbeat.run SET ended = now(), outcome = 'ok', detail = '{}' WHERE run_id = %s", [run_id])


def fingerprint(admin):
    """Kind -> content; see fingerprint.sql."""
    return dict(admin.execute(FINGERPRINT).fetchall())


@pytest.mark.parametrize("role", Role)
def test_every_login_is_itself_and_reads_everything(store, role):
    """RESET ROLE has nothing to go back to."""
    with store.connect(role) as connection:
        who = connection.execute(
            "SELECT session_user, current_user, current_setting('timezone'), current_setting('application_name')"
        )
        assert who.fetchall() == [(role, role, "UTC", f"heartbeat {role.removeprefix('heartbeat_')}")]
        for table in (
            "metric_registry",
            "registry_change",
            "metric_retirement",
            "metric_history",
            "metric_observation",
            "run",
            "clock",
            "metric_benchmark",
            "metric_audit",
            "metric_review",
            "metric_hand_count",
            "metric_shown",
        ):
            connection.execute(psycopg.sql.SQL("SELECT * FROM heartbeat.{}").format(psycopg.sql.Identifier(table)))
        assert connection.execute("SELECT status FROM heartbeat.judge(1, 'higher_is_worse', 1, 2, false, false)").fetchall() == [
            ("amber",)
        ]


def test_deploy_operator_and_compute_can_do_their_own_work(deploy, row, store, count):
    """Else the refusals below would mean nothing."""
    assert deploy(row("aaa"))["new"] == ["aaa"]
    work(store)
    with store.connect(Role.OPERATOR) as connection:
        assert call(connection, {"owner": "olga@x.example"}, metric_id="aaa", version=1)["changed"]
        assert review(connection, "agrees", metric_id="aaa", version=2)["changed"]
        assert count_by_hand(connection, 7, metric_id="aaa")["changed"]
    tables = (
        "metric_history", "metric_observation", "metric_benchmark", "run", "metric_audit", "metric_review", "metric_hand_count",
    )  # fmt: skip
    assert [count(table) for table in tables] == [1] * 7


@pytest.mark.parametrize("role", Role)
def test_no_attack_succeeds_or_leaves_a_trace(attacked, role):
    """Each with its own refusal; whatever was answered, nothing is different afterwards."""
    wrong = []
    with attacked.connect_migrating(autocommit=True) as admin:
        before = fingerprint(admin)
        assert admin.execute("SELECT count(*) FROM heartbeat.metric_registry").fetchall() == [(2,)]
        connection = attacked.connect(role, autocommit=True)
        for name, expected, spared, statement in attacks():
            if role in spared:
                continue
            try:
                connection.execute(statement.encode())
                answer = "runs"
            except psycopg.Error as error:
                answer = error.sqlstate
                connection.rollback()
            after = fingerprint(admin)
            changed = [kind for kind in before if before[kind] != after[kind]]
            if answer != expected or changed:
                wrong.append(f"{name}: {answer} instead of {expected}, changed: {changed}")
            before = after
            if answer == "runs":
                connection.close()
                connection = attacked.connect(role, autocommit=True)
        connection.close()
    assert wrong == []


def test_nobody_else_comes_into_the_database(fresh_store, databases):
    """A new login of the server starts with nothing."""
    with databases.admin("postgres") as admin:
        rights = admin.execute(
            "SELECT has_database_privilege('public', datname, 'CONNECT'), has_database_privilege('public', datname, 'TEMP') "
            "FROM pg_database WHERE datname = %s",
            [fresh_store.masked_url().rpartition("?")[0].rpartition("/")[2]],
        )
        assert rights.fetchall() == [(False, False)]


def test_no_function_of_the_schema_is_for_everybody(admin):
    """PostgreSQL gives EXECUTE to PUBLIC unless told otherwise, and each migration has to tell."""
    open_to_all = admin.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p "
        "WHERE pronamespace = 'heartbeat'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')"
    )
    assert open_to_all.fetchall() == []


def test_a_type_in_the_callers_temporary_schema_is_not_taken_for_postgresqls(fresh_store):
    """With a path that does not name pg_temp last, the caller's code would run as the guard."""
    with fresh_store.connect_migrating(autocommit=True) as admin:
        admin.execute(
            "DO $$ BEGIN EXECUTE 'GRANT TEMP ON DATABASE ' || quote_ident(current_database()) || ' TO heartbeat_deploy'; END $$"
        )
    with fresh_store.connect(Role.DEPLOY) as connection:
        for name in ("text", "jsonb", "int8", "bool", "int4", "regclass"):
            create = psycopg.sql.SQL("CREATE TYPE pg_temp.{} AS (broken integer)")
            connection.execute(create.format(psycopg.sql.Identifier(name)))
        connection.execute("SET search_path = pg_temp, pg_catalog")
        answer = connection.execute(
            "SELECT heartbeat.apply_registry('[]'::pg_catalog.jsonb, NULL, 'ann', NULL, NULL, NULL, 0, false)"
        )
        assert answer.fetchall()[0][0]["refusals"] == []


def test_types_and_tables_in_a_persons_temporary_schema_are_not_taken_for_postgresqls(fresh_store, row):
    """The same for people's door, with a catalogue of his own that would let any owner pass."""
    with fresh_store.connect_migrating(autocommit=True) as admin:
        admin.execute(
            "DO $$ BEGIN EXECUTE 'GRANT TEMP ON DATABASE ' || quote_ident(current_database()) || ' TO heartbeat_operator'; END $$"
        )
    with fresh_store.connect(Role.DEPLOY) as connection:
        connection.execute(
            "SELECT heartbeat.apply_registry(%s, NULL, 'ann@x.example', NULL, NULL, NULL, 0, false)",
            [psycopg.types.json.Jsonb([row("aaa")])],
        )
    with fresh_store.connect(Role.OPERATOR) as connection:
        for name in ("text", "jsonb", "int8", "bool", "numeric", "date", "regclass", "timestamptz", "metric_registry"):
            create = psycopg.sql.SQL("CREATE TYPE pg_temp.{} AS (broken integer)")
            connection.execute(create.format(psycopg.sql.Identifier(name)))
        connection.execute("CREATE TEMP TABLE pg_constraint AS SELECT 'owner_form' AS conname")
        connection.execute("CREATE TEMP TABLE metric_history AS SELECT 1 AS broken")
        connection.execute("SET search_path = pg_temp, heartbeat, pg_catalog")
        for owner, changed in (("olga@x.example,b@x.example", False), ("olga@x.example", True)):
            answer = connection.execute(
                "SELECT heartbeat.patch_verification('aaa', pg_catalog.jsonb_build_object('owner', %s::pg_catalog.text, "
                "'norm_value', 1, 'alert_value', 2, 'threshold_basis', 'b', 'target_value', 3, 'target_due_date', '2027-01-01', "
                "'verification_state', 'verified'), 1, 'olga@x.example', true, 'cockpit', 'checked')",
                [owner],
            )
            assert answer.fetchall()[0][0]["changed"] is changed


def test_a_login_that_may_only_read_cannot_hold_up_peoples_door(deploy, row, store):
    """It may hold any advisory lock for ever, and read in a transaction that never ends; no decision hangs on either."""
    deploy(row("aaa"))
    with store.connect(Role.READER) as reader, store.connect(Role.OPERATOR) as person:
        reader.execute("SELECT pg_advisory_lock(number) FROM generate_series(0, 999) AS number")
        reader.execute("SELECT pg_advisory_lock(oid::bigint) FROM pg_class WHERE relnamespace = 'heartbeat'::regnamespace")
        for table in ("metric_registry", "registry_change", "metric_history"):
            reader.execute(psycopg.sql.SQL("LOCK TABLE heartbeat.{} IN ACCESS SHARE MODE").format(psycopg.sql.Identifier(table)))
        person.execute("SET statement_timeout = '2s'")
        thresholds = {"norm_value": 1, "alert_value": 2, "threshold_basis": "b"}
        assert call(person, thresholds, metric_id="aaa", version=1)["changed"]
