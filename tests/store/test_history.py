"""Runs, the clock, observations and history: what the tables themselves hold fast."""

from __future__ import annotations

import psycopg
import pytest

from heartbeat_lib.store import Role

RUN = "INSERT INTO heartbeat.run (kind, due, outcome, ended) VALUES (%s, %s, %s, %s) RETURNING run_id"


@pytest.fixture
def compute(store):
    """A connection as compute, in autocommit."""
    with store.connect(Role.COMPUTE, autocommit=True) as connection:
        yield connection


def test_a_due_time_is_finished_once(compute):
    """However many clocks run; what failed or was aborted may be tried again."""
    due, ended = "2026-11-24 08:17+00", "2026-11-24 08:18+00"
    for outcome in ("failed", "aborted", "ok"):
        compute.execute(RUN, ["tick", due, outcome, ended])
    with pytest.raises(psycopg.errors.UniqueViolation) as refused:
        compute.execute(RUN, ["tick", due, "ok", ended])
    assert refused.value.diag.constraint_name == "one_finished_tick_per_due"
    compute.execute(RUN, ["backfill", due, "ok", ended])
    compute.execute(RUN, ["tick", "2026-11-24 09:17+00", "ok", ended])


@pytest.mark.parametrize(
    ("kind", "due", "outcome", "ended", "rule"),
    [
        ("tick", None, "running", None, "tick_has_due"),
        ("party", "2026-11-24", "running", None, "run_kind_known"),
        ("tick", "2026-11-24", "fine", "2026-11-24", "run_outcome_known"),
        ("tick", "2026-11-24", "running", "2026-11-24", "ended_unless_running"),
        ("tick", "2026-11-24", "ok", None, "ended_unless_running"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(compute, kind, due, outcome, ended, rule):
    """Each by the rule's name."""
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        compute.execute(RUN, [kind, due, outcome, ended])
    assert refused.value.diag.constraint_name == rule


def test_the_clock_is_held_by_one_and_frees_itself_when_the_holder_is_gone(store):
    """No advisory lock: any login can hold one of those for ever."""
    take = "SELECT FROM heartbeat.clock FOR UPDATE NOWAIT"
    holder = store.connect(Role.COMPUTE)
    holder.execute(take)
    with store.connect(Role.COMPUTE) as other, pytest.raises(psycopg.errors.LockNotAvailable):
        other.execute(take)
    holder.close()
    with store.connect(Role.COMPUTE) as other:
        assert len(other.execute("SELECT FROM heartbeat.clock FOR UPDATE").fetchall()) == 1


@pytest.mark.parametrize("role", [Role.READER, Role.DEPLOY, Role.OPERATOR])
def test_nobody_but_compute_may_hold_the_clock(store, role):
    """A reader could stop the wall for ever."""
    with store.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT FROM heartbeat.clock FOR UPDATE")


def test_there_is_one_clock(compute, admin):
    """Two rows would be two clocks."""
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute("INSERT INTO heartbeat.clock VALUES (false)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute("INSERT INTO heartbeat.clock DEFAULT VALUES")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"value": "NaN"}, "history_value_finite"),
        ({"value": "Infinity"}, "history_value_finite"),
        ({"status": "blue"}, "status_known"),
        ({"status": "grey"}, "grey_has_reason"),
        ({"status_reason": "stale"}, "grey_has_reason"),
        ({"status": "grey", "status_reason": "tired"}, "status_reason_known"),
        ({"computed_at": None}, "value_was_computed"),
        ({"period": "fortnight"}, "history_period_known"),
        ({"origin": "dream"}, "history_origin_known"),
    ],
)
def test_a_history_row_that_makes_no_sense_is_refused(compute, changes, rule):
    """A grey without a reason, a number that is none."""
    row = {
        "metric_id": "refund_rate", "period": "day", "period_start": "2026-11-24", "value": 1, "status": "green",
        "status_reason": None,
        "computed_at": "2026-11-24", "attempted_at": "2026-11-24", "origin": "tick", "definition_hash": "x", **changes,
    }  # fmt: skip
    columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        compute.execute(f"INSERT INTO heartbeat.metric_history ({columns}) VALUES ({values})".encode(), row)
    assert refused.value.diag.constraint_name == rule


def test_a_failed_observation_has_no_value(compute):
    """It did not see anything."""
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        compute.execute(
            "INSERT INTO heartbeat.metric_observation (metric_id, period, period_start, as_of, value, error_reason, "
            "definition_hash, origin) "
            "VALUES ('refund_rate', 'day', now(), now(), 1, 'timeout', 'x', 'tick')"
        )
    assert refused.value.diag.constraint_name == "failed_has_no_value"


def test_the_history_of_a_retired_metric_stays(deploy, row, compute, count):
    """Deleting a file deletes no evidence."""
    deploy(row("aaa"), row("bbb"), row("ccc"))
    compute.execute(
        "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, status, status_reason, attempted_at, origin, "
        "definition_hash) "
        "VALUES ('aaa', 'day', now(), 'grey', 'no_value', now(), 'tick', 'x')"
    )
    assert deploy(row("bbb"), row("ccc"))["retired"] == ["aaa"]
    assert count("metric_history") == 1
