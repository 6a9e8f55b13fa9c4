"""Due instants: a crontab line in a zone, on ordinary days and on those of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.model.cron import Cron, CronError

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
ZONES = [ZoneInfo(name) for name in NAMES]
LINES = ["17 * * * *", "23 4 * * *", "* * * * *", "0 0 1 * *", "15 6 * * mon-fri", "30 2 * * *"]


def local_day(zone, *day):
    """The first instant of a local day and of the next, in UTC."""
    start = datetime(*day, tzinfo=zone)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "day", "times"),
    [
        ("17 * * * *", (2026, 3, 29), 23),
        ("17 * * * *", (2026, 10, 25), 25),
        ("17 * * * *", (2026, 11, 24), 24),
        ("23 4 * * *", (2026, 3, 29), 1),
        ("23 4 * * *", (2026, 10, 25), 1),
        ("30 2 * * *", (2026, 3, 29), 1),
        ("30 2 * * *", (2026, 10, 25), 2),
        ("*/30 * * * *", (2026, 3, 29), 46),
        ("*/30 * * * *", (2026, 10, 25), 50),
    ],
)
def test_a_line_is_due_so_often_on_a_day(text, day, times):
    """No hole and no double: each due instant is another instant."""
    start, end = local_day(BERLIN, *day)
    found = list(Cron(text, BERLIN).between(start - timedelta(microseconds=1), end - timedelta(microseconds=1)))
    assert len(found) == len(set(found)) == times


def test_an_hourly_line_is_due_every_real_hour_through_both_changes():
    """Twenty-three hours or twenty-five, always sixty minutes apart."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    found = list(Cron("17 * * * *", BERLIN).between(start, datetime(2026, 11, 1, tzinfo=UTC)))
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}


@pytest.mark.parametrize("day", [(2026, 10, 4), (2026, 4, 5)])
def test_a_change_of_half_an_hour_leaves_no_gap_over_90_minutes(day):
    """Lord Howe moves its clocks by thirty minutes."""
    zone = ZoneInfo("Australia/Lord_Howe")
    found = Cron("17 * * * *", zone).between(*local_day(zone, *day))
    assert max(later - earlier for earlier, later in pairwise(found)) <= timedelta(minutes=90)


@pytest.mark.parametrize("text", ["17 0 * * *", "0 0 1 * *", "59 23 * * *", "23 4 * * *", "0 12 * * *"])
def test_a_daily_or_monthly_line_misses_no_turn_around_a_change(text):
    """The day after the clocks went forward is a day like any other."""
    found = Cron(text, BERLIN).between(datetime(2026, 1, 15, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC))
    assert len(found) == (12 if " 1 * *" in text else 365)


def test_a_skipped_day_has_no_turn_and_the_days_around_it_have():
    """Apia had no 30 December 2011."""
    zone = ZoneInfo("Pacific/Apia")
    found = Cron("0 12 * * *", zone).between(datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 3, tzinfo=UTC))
    assert [due.astimezone(zone).day for due in found] == [28, 29, 31, 1, 2, 3]


FIRST, LAST = datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2036-01-01")
instants = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC))


@given(instants, st.sampled_from(ZONES), st.sampled_from(LINES))
def test_the_latest_and_the_next_have_nothing_between_them(now, zone, text):
    """Whatever the zone does, an instant lies between two neighbours."""
    cron = Cron(text, zone)
    last, following = cron.latest(now), cron.next(now)
    assert last is not None
    assert following is not None
    assert last <= now < following
    assert cron.next(last) == following
    assert cron.latest(last) == last


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("17 * * *", "five fields"),
        ("61 * * * *", "crontab line"),
        ("17 * * * 1", "by name"),
        ("hourly", "five fields"),
        ("x * * * *", "crontab line"),
    ],
)
def test_what_is_no_crontab_line_is_refused(text, words):
    """1 is Monday to cron and Tuesday to the scheduler: so a number is no day of the week here."""
    with pytest.raises(CronError, match=words):
        Cron(text, BERLIN).check()


def test_a_line_that_is_never_due_says_so():
    """There is no 31 February."""
    cron = Cron("0 0 31 feb *", BERLIN)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert (cron.latest(now), cron.next(now)) == (None, None)
