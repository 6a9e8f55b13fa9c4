"""heartbeat.metric_shown: a living metric and the period on its tile."""

from __future__ import annotations

import pytest

from heartbeat_lib.store import Role


@pytest.fixture
def keep(store):
    """Writes one history row as compute would."""

    def write(start, value=None, *, metric_id="refund_rate", period="day", status="green", reason=None, settled=False):
        with store.connect(Role.COMPUTE) as connection:
            connection.execute(
                "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, "
                "computed_at, attempted_at, settled, origin, definition_hash) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'tick', 'x')",
                [metric_id, period, start, value, status, reason, start, start, settled],
            )

    return write


@pytest.fixture
def shown(store):
    """The view's row as a reader sees it."""

    def read(metric_id="refund_rate"):
        with store.connect(Role.READER) as connection:
            rows = connection.execute(
                "SELECT to_jsonb(s) FROM heartbeat.metric_shown AS s WHERE metric_id = %s", [metric_id]
            ).fetchall()
        assert len(rows) == 1
        return rows[0][0]

    return read


def test_a_metric_without_history_is_grey_for_want_of_a_value(deploy, row, shown):
    """It was deployed a moment ago; nothing is known and nothing is green."""
    deploy(row(norm_value=1, direction="higher_is_worse"))
    found = shown()
    assert (found["status"], found["status_reason"], found["value"], found["period_start"]) == ("grey", "no_value", None, None)
    assert (found["settled"], found["stale"], found["code"], found["norm_value"]) == (False, False, "REFU", 1)


def test_the_latest_period_is_shown(deploy, row, keep, shown):
    """Running, so still open."""
    deploy(row())
    keep("2026-11-22", 1, settled=True)
    keep("2026-11-24", 3, status="red")
    keep("2026-11-23", 2, settled=True)
    assert (shown()["value"], shown()["status"], shown()["status_reason"]) == (3, "red", None)


def test_a_grey_row_is_shown_and_not_yesterdays_green(deploy, row, keep, shown):
    """Yesterday's green says nothing about today."""
    deploy(row())
    keep("2026-11-23", 2)
    keep("2026-11-24", status="grey", reason="failed")
    assert (shown()["value"], shown()["status"], shown()["status_reason"]) == (None, "grey", "failed")


def test_a_metric_that_judges_closed_periods_shows_the_last_settled_one(deploy, row, keep, shown):
    """A sum that starts at zero every morning is judged when the day is over."""
    deploy(row(judge="closed"))
    keep("2026-11-23", 2)
    assert (shown()["value"], shown()["status_reason"]) == (None, "no_value")
    keep("2026-11-21", 1, settled=True)
    keep("2026-11-22", 8, settled=True)
    keep("2026-11-24", 3)
    assert (shown()["value"], shown()["settled"]) == (8, True)


def test_rows_of_another_grain_or_metric_are_not_shown(deploy, row, keep, shown):
    """After a change from day to month, the days are history and not the tile."""
    deploy(row(period="month"), row("margin"))
    keep("2026-11-24", 3)
    keep("2026-11-24", 4, metric_id="margin")
    assert shown()["value"] is None
    keep("2026-11-01", 9, period="month")
    assert (shown()["value"], shown("margin")["value"]) == (9, 4)


def test_the_shown_row_is_found_by_its_index(deploy, row, admin):
    """A wall of tiles must not read ten years of hours."""
    deploy(row())
    admin.execute(
        "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, computed_at, attempted_at, "
        "origin, definition_hash, settled) "
        "SELECT 'refund_rate', 'day', timestamptz '2000-01-01' + n * interval '1 day', n, 'green', now(), now(), "
        "'tick', 'x', n % 2 = 0 FROM generate_series(1, 9000) AS n"
    )
    admin.execute("ANALYZE heartbeat.metric_history")
    plan = "\n".join(
        line
        for (line,) in admin.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM heartbeat.metric_shown")
    )
    assert "Seq Scan on metric_history" not in plan
    assert "Index Scan" in plan
