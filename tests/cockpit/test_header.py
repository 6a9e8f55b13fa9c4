"""What stands above the tiles: who and when, the clock, and how old the sources are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.model import words
from tests.cockpit.place import HIGHER, NOW, Place

HOUR = timedelta(hours=1)


@pytest.fixture
def place(bench) -> Place:
    """An empty store of the test's own."""
    return Place(bench)


@pytest.mark.parametrize(
    ("age", "rhythm", "promise", "stale"),
    [
        (HOUR * 3, HOUR, None, False),
        (HOUR * 3.1, HOUR, None, True),
        (HOUR * 25, None, HOUR * 24, True),
        (HOUR * 23, None, HOUR * 24, False),
        (HOUR * 2000, None, None, False),
        (None, None, HOUR, True),
    ],
)
def test_a_source_is_stale_past_three_rhythms_or_its_promise(place, age, rhythm, promise, stale):
    """A source of which nothing is known is not."""
    place.metric(**HIGHER)
    place.source(age=age, rhythm=rhythm, promise=promise)
    source = place.tile()["source"]
    assert (source["stale"], source["at"]) == (stale, None if age is None else (NOW - age).isoformat())


def test_the_stalest_source_counts(place):
    """A stale one before one of unknown age, that before the oldest."""
    tables = ["fresh.a", "old.b", "unknown.c", "stale.d", "file:report"]
    place.source("fresh", age=HOUR, rhythm=HOUR)
    place.source("old", age=HOUR * 99, rhythm=HOUR * 99)
    place.source("stale", age=HOUR * 9, rhythm=HOUR)
    for count, schema in ((5, "stale"), (3, "unknown"), (2, "old"), (1, "fresh")):
        place.metric(sources=tables[:count])
        assert place.tile()["source"]["schema"] == schema
    place.metric(sources=[])
    assert place.tile()["source"] == {"schema": "", "at": None, "stale": False, "promise": ""}


def test_the_header_names_the_source_that_is_latest_against_its_own_rhythm(place):
    """Among those that a living metric reads."""
    place.metric(sources=["daily.a", "hourly.b", "unknown.c"])
    assert place.wall()[0]["oldest"] is None
    place.source("daily", age=HOUR * 30, rhythm=HOUR * 24)
    place.source("hourly", age=HOUR * 4, rhythm=HOUR)
    place.source("unknown", age=HOUR * 900)
    place.source("unread", age=HOUR * 900, rhythm=HOUR)
    assert place.wall()[0]["oldest"] == {"schema": "hourly", "at": (NOW - 4 * HOUR).isoformat(), "stale": True}


def test_the_header_says_where_who_and_when(place):
    """Without a title of its own a workspace is called like its folder."""
    header, tiles = place.wall(you="mara@x.example")
    assert tiles == []
    assert (header["title"], header["zone"], header["at"]) == ("workspace", "Europe/Berlin", NOW.isoformat())
    assert (header["you"], header["operator"], header["owner_signs"]) == ("mara@x.example", "ann@x.example", False)
    assert header["clock"] == {"last": None, "late_at": None, "rhythm": "every hour", "running": False}


def test_the_clock_is_late_when_a_second_tick_is_missing(place):
    """One may just be at work."""
    due = datetime(2026, 11, 24, 8, 17, tzinfo=UTC)
    lifecycle.tick(place.bench, due=due, now=lambda: due)
    clock = place.wall()[0]["clock"]
    assert (clock["last"], clock["late_at"]) == (due.isoformat(), (due + 2 * HOUR).isoformat())


@pytest.mark.parametrize(
    ("crontab", "words_"),
    [
        ("17 * * * *", "every hour"), ("*/15 * * * *", "every 15 min"), ("0 */2 * * *", "every 2 h"), ("0 6 * * *", "every day"),
        ("0 6 * * mon-fri", "every day"), ("0 6 * * mon", "every week"), ("0 6 1 * *", "every month"),
    ],
)  # fmt: skip
def test_a_schedule_is_told_in_words(crontab, words_):
    """By its most common gap."""
    assert words.schedule(crontab) == words_
