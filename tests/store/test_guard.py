"""The trigger that lets two doors write, and the records that nobody may change: superusers included."""

from __future__ import annotations

import psycopg
import pytest

from heartbeat_lib.store import Role, WriteRefused, translated
from tests.store.door import audit, count_by_hand, review

REGISTRY = [
    "UPDATE heartbeat.metric_registry SET alert_value = 9",
    "UPDATE heartbeat.metric_registry SET owner = NULL",
    "DELETE FROM heartbeat.metric_registry",
    "INSERT INTO heartbeat.metric_registry SELECT * FROM heartbeat.metric_registry",
    "TRUNCATE heartbeat.metric_registry",
    "INSERT INTO heartbeat.registry_change (metric_id, action, after, actor, via) VALUES ('x', 'insert', '{}', 'ann', 'deploy')",
    "INSERT INTO heartbeat.metric_retirement (metric_id, retired_by, last_row) VALUES ('x', 'ann', '{}')",
    "INSERT INTO heartbeat.metric_review (audit_id, metric_id, outcome, why, actor, proved, via, definition_hash) "
    "SELECT audit_id, metric_id, 'agrees', 'x', 'olga@x.example', true, 'cockpit', definition_hash FROM heartbeat.metric_audit",
    "INSERT INTO heartbeat.metric_hand_count (metric_id, period, period_start, value, source, actor, proved, via) "
    "VALUES ('aaa', 'day', now(), 7, 'x', 'olga@x.example', true, 'cockpit')",
]
RECORDS = [
    "UPDATE heartbeat.registry_change SET actor = 'ann'",
    "DELETE FROM heartbeat.registry_change",
    "TRUNCATE heartbeat.registry_change",
    "UPDATE heartbeat.metric_retirement SET retired_by = 'ann'",
    "DELETE FROM heartbeat.metric_retirement",
    "TRUNCATE heartbeat.metric_retirement",
    "UPDATE heartbeat.metric_observation SET value = 0",
    "DELETE FROM heartbeat.metric_observation",
    "TRUNCATE heartbeat.metric_observation",
    "UPDATE heartbeat.metric_audit SET verdict = 'holds'",
    "DELETE FROM heartbeat.metric_audit",
    "TRUNCATE heartbeat.metric_audit CASCADE",
    "UPDATE heartbeat.metric_review SET outcome = 'agrees'",
    "DELETE FROM heartbeat.metric_review",
    "TRUNCATE heartbeat.metric_review",
    "UPDATE heartbeat.metric_hand_count SET value = 0",
    "DELETE FROM heartbeat.metric_hand_count",
    "TRUNCATE heartbeat.metric_hand_count",
]


@pytest.fixture
def filled(deploy, row, store):
    """A living metric, a retired one, an observation, an audit, a review and a hand count."""
    deploy(row("aaa"), row("bbb"), row("ccc"))
    deploy(row("aaa"), row("bbb"))
    with store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "INSERT INTO heartbeat.metric_observation (metric_id, period, period_start, as_of, definition_hash, origin) "
            "VALUES ('aaa', 'day', now(), now(), 'x', 'tick')"
        )
        audit(connection, metric_id="aaa")
    with store.connect(Role.OPERATOR) as connection:
        assert review(connection, "not-worth-keeping", metric_id="aaa", version=1)["review_id"]
        assert count_by_hand(connection, 7, metric_id="aaa")["changed"]


@pytest.mark.usefixtures("filled")
class TestSuperuser:
    """The login that owns the schema."""

    @pytest.mark.parametrize("replica", [False, True])
    @pytest.mark.parametrize("statement", REGISTRY)
    def test_a_direct_write_is_refused_with_a_hint_that_names_the_ways(self, admin, statement, replica):
        """A committed threshold changes through patch_verification or not at all; no session setting changes that."""
        if replica:
            admin.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            admin.execute(statement.encode())
        hint = refused.value.diag.message_hint
        assert "heartbeat.patch_verification" in hint
        assert "`heartbeat set`" in hint
        assert "`heartbeat deploy`" in hint

    @pytest.mark.parametrize("replica", [False, True])
    @pytest.mark.parametrize("statement", RECORDS)
    def test_a_record_is_never_changed(self, admin, statement, replica):
        """What was written stays as it was written."""
        if replica:
            admin.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            admin.execute(statement.encode())
        assert "never changed" in refused.value.diag.message_hint

    @pytest.mark.parametrize("statement", ["TRUNCATE heartbeat.metric_registry", *RECORDS])
    def test_not_even_the_guard_may_do_what_leaves_no_line_in_the_log(self, admin, statement):
        """TRUNCATE fires no row trigger."""
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA heartbeat TO heartbeat_guard")
        try:
            admin.execute("SET ROLE heartbeat_guard")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                admin.execute(statement.encode())
        finally:
            admin.execute("RESET ROLE")
            admin.execute("REVOKE ALL ON ALL TABLES IN SCHEMA heartbeat FROM heartbeat_guard")
            admin.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON heartbeat.metric_registry TO heartbeat_guard")
            admin.execute("GRANT SELECT, INSERT ON heartbeat.registry_change, heartbeat.metric_retirement TO heartbeat_guard")
            admin.execute("GRANT SELECT, UPDATE ON heartbeat.metric_history TO heartbeat_guard")
            admin.execute("GRANT SELECT ON heartbeat.metric_audit TO heartbeat_guard")
            admin.execute("GRANT SELECT, INSERT ON heartbeat.metric_review, heartbeat.metric_hand_count TO heartbeat_guard")

    def test_the_hint_reaches_people_word_for_word(self, admin):
        """One place puts the driver's errors into words."""
        with pytest.raises(WriteRefused) as refused, translated("Setting a threshold"):
            admin.execute("UPDATE heartbeat.metric_registry SET alert_value = 9")
        assert str(refused.value).startswith("Setting a threshold: UPDATE on heartbeat.metric_registry is refused to postgres.")
        assert "all through heartbeat.patch_verification" in str(refused.value)


def test_a_lesser_login_is_told_the_ways_too(store):
    """PostgreSQL's own refusal comes before the trigger's, and has no hint."""
    with store.connect(Role.READER) as connection, pytest.raises(WriteRefused) as refused, translated("Setting a threshold"):
        connection.execute("UPDATE heartbeat.metric_registry SET alert_value = 9")
    assert "`heartbeat set`" in str(refused.value)


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"verification_state": "maybe"}, "verification_state_known"),
        ({"norm_value": 2, "alert_value": 1, "direction": "higher_is_worse"}, "thresholds_fit_direction"),
        ({"alert_value": 1}, "thresholds_need_direction"),
        ({"target_due_date": "2027-01-01"}, "due_date_needs_target"),
        ({"row_version": 0}, None),
    ],
)
def test_people_are_bound_by_the_same_rules(deploy, row, admin, columns, rule):
    """Rules that bind everyone live in the database."""
    deploy(row())
    sets = ", ".join(f"{name} = '{value}'" for name, value in columns.items())
    admin.execute("SET ROLE heartbeat_guard")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        admin.execute(f"UPDATE heartbeat.metric_registry SET {sets}".encode())
    assert refused.value.diag.constraint_name == (rule or "row_version_positive")


@pytest.mark.parametrize(
    "owner", ["olga@x.example", "o.l-g_a+heartbeat@mail.x.example", "ольга@пример.example", "x" * 244 + "@x.example"]
)
def test_an_owner_is_an_address(deploy, row, people, registry, owner):
    """Nothing more is asked of it than that mail can go there."""
    deploy(row())
    people("refund_rate", owner=owner)
    assert registry("refund_rate")["owner"] == owner


@pytest.mark.parametrize(
    "owner",
    [
        "", "olga", "olga@", "@x.example", "olga@x.example\n", "olga@x.example\r\nBcc: b@x.example", "olga @x.example",
        "a@x.example,b@x.example",
        "a@x.example;b@x.example", "Olga <olga@x.example>", '"olga"@x.example', "o'lga@x.example", "=?utf-8?q?b=40x?=@x.example",
        "olga@x.example\u2028", "olga@x.example\u0085", "olga\u200b@x.example", "olga@x.example\u00a0", "a@b@x.example",
        "x" * 250 + "@x.example",
    ],
)  # fmt: skip
def test_an_owner_that_could_become_another_address_is_refused(deploy, row, people, owner):
    """It goes into mail headers and into addresses of routes."""
    deploy(row())
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        people("refund_rate", owner=owner)
    assert refused.value.diag.constraint_name == "owner_form"
