"""heartbeat.source_state: what every tick keeps of each source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat_lib.compute.freshness import Freshness
from heartbeat_lib.compute.source_state import note_sources
from heartbeat_lib.store import Role

MAY = datetime(2041, 5, 6, 10, 17, tzinfo=UTC)


@pytest.fixture
def note(bench):
    """One tick's note; its row of `shop` comes back."""

    def write(loaded, loads=None, *, promises=None, seen_at=MAY):
        with bench.store.connect(Role.COMPUTE) as connection:
            note_sources(connection, Freshness(loaded=loaded, promises=promises or {}), loads or {}, seen_at=seen_at)
            return connection.execute(
                "SELECT last_load, cardinality(loads), usual_rhythm, failed_loads, last_error, max_age, seen_at "
                "FROM heartbeat.source_state WHERE source_schema = 'shop'"
            ).fetchone()

    return write


def test_a_source_is_kept_with_its_last_load_and_promise(note):
    """A row per schema."""
    row = note({"shop": MAY}, {"shop": None}, promises={"shop": timedelta(hours=26)})
    assert row == (MAY, 1, None, 0, None, timedelta(hours=26), MAY)


def test_the_usual_rhythm_is_the_median_span_between_loads(note):
    """One late night does not move it."""
    for hours in (0, 24, 48, 79, 103):
        row = note({"shop": MAY + timedelta(hours=hours)})
    assert row[1:3] == (5, timedelta(hours=24))


def test_only_the_last_twenty_loads_are_kept(note):
    """A source that changed its rhythm is known by the new one."""
    for hours in range(30):
        row = note({"shop": MAY + timedelta(hours=hours)})
    assert row[:2] == (MAY + timedelta(hours=29), 20)


def test_a_load_that_was_seen_is_not_counted_twice(note):
    """Most ticks find nothing new."""
    note({"shop": MAY})
    assert note({"shop": MAY})[:2] == (MAY, 1)


def test_failed_loads_are_counted_until_one_works(note):
    """With the words of the last one."""
    note({"shop": MAY}, {"shop": None})
    note({"shop": MAY}, {"shop": "no such folder"})
    assert note({"shop": MAY}, {"shop": "still none"})[3:5] == (2, "still none")
    assert note({"shop": MAY})[3:5] == (2, "still none")
    assert note({"shop": MAY}, {"shop": None})[3:5] == (0, None)


def test_marts_that_cannot_be_read_take_nothing_away(note):
    """What was known stays known."""
    note({"shop": MAY})
    assert note({}, {"shop": "unreadable"})[:2] == (MAY, 1)


def test_a_schema_that_never_told_its_age_has_a_row_too(note):
    """Freshness unknown is a fact."""
    assert note({"shop": None})[:2] == (None, 0)
