"""Whether ticks come when they are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat_lib import compute, lifecycle, reading

DUE = datetime(2041, 5, 6, 10, 17, tzinfo=UTC)


@pytest.fixture
def ticked(bench):
    """One finished tick, due at DUE."""
    lifecycle.tick(bench, due=DUE, now=lambda: DUE)
    return bench


def test_a_workspace_without_a_tick_does_not_complain_of_a_clock(bench):
    """Nobody asked for one yet."""
    state = reading.clock(bench, DUE)
    assert (state.last_due, state.stands_still) == (None, False)
    assert "heartbeat up" in state.sentence(bench.workspace.zone)


@pytest.mark.parametrize(
    ("later", "missed", "stands_still"),
    [("0:59", 0, False), ("1:00", 1, False), ("1:59", 1, False), ("2:00", 2, True), ("30:00", 30, True)],
)
def test_a_clock_stands_still_when_two_ticks_are_missing(ticked, later, missed, stands_still):
    """One may just be at work."""
    hours, minutes = map(int, later.split(":"))
    state = reading.clock(ticked, DUE + timedelta(hours=hours, minutes=minutes))
    assert (state.missed, state.stands_still) == (missed, stands_still)


def test_a_tick_at_work_is_a_clock_that_goes(ticked):
    """However long it takes."""
    with compute.open_run(ticked.store, "tick", actor="ann"):
        assert not reading.clock(ticked, DUE + timedelta(hours=5)).stands_still
    assert reading.clock(ticked, DUE + timedelta(hours=5)).stands_still


def test_the_sentence_says_since_when_and_what_to_do(ticked):
    """In the workspace's zone."""
    words = reading.clock(ticked, DUE + timedelta(days=30)).sentence(ticked.workspace.zone)
    assert "2041-05-06 12:17" in words
    assert "100 or more" in words
    assert "heartbeat up" in words
