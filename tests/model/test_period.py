"""Periods: they tile time in every zone, whatever its clocks did."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heartbeat_lib.model.period import Grain, Period, next_period, period_at, periods_ended, previous_period

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo"),
        *("Asia/Kolkata", "Pacific/Apia", "America/St_Johns", "America/Havana", "Asia/Kathmandu", "Pacific/Kiritimati"),
        *("Asia/Pyongyang", "America/Caracas", "Africa/Casablanca", "Antarctica/Troll", "America/Juneau", "Asia/Beirut"),
    ]
).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(1850, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis adds it
GRAINS = st.sampled_from(Grain)


def local(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold)  # type: ignore[arg-type]


def day(zone: ZoneInfo, *parts: int) -> Period:
    return period_at(local(zone, *parts, 12), Grain.DAY, zone)


def labels(grain: Grain, zone: ZoneInfo, first: datetime, until: datetime) -> list[str]:
    return [p.label(zone) for p in periods_ended(grain, first=first, until=until, zone=zone)]


@given(INSTANTS, GRAINS, ZONES)
@example(datetime(1867, 10, 19, 0, 5, tzinfo=UTC), Grain.DAY, ZoneInfo("America/Juneau"))  # one date twice
@example(datetime(2006, 10, 29, 2, 30, 30, tzinfo=UTC), Grain.DAY, ZoneInfo("America/St_Johns"))  # 00:01 back to 23:01
@example(datetime(2011, 12, 30, 10, 0, tzinfo=UTC), Grain.DAY, ZoneInfo("Pacific/Apia"))  # a day skipped
def test_a_period_holds_the_instant_it_was_found_for(instant, grain, zone):
    """An observation as of an instant lands in exactly the period that the instant lies in."""
    p = period_at(instant, grain, zone)
    assert p.start <= instant < p.end
    assert p.grain is grain


@given(INSTANTS, GRAINS, ZONES)
@example(datetime(1867, 10, 18, 0, 5, tzinfo=UTC), Grain.DAY, ZoneInfo("America/Juneau"))
@example(datetime(2011, 12, 29, 20, 0, tzinfo=UTC), Grain.DAY, ZoneInfo("Pacific/Apia"))
def test_periods_tile_time(instant, grain, zone):
    """No gap and no overlap: else a tick would settle nothing, or one sale twice."""
    p = period_at(instant, grain, zone)
    after, before = next_period(p, zone), previous_period(p, zone)
    assert (before.end, p.end) == (p.start, after.start)
    assert previous_period(after, zone) == next_period(before, zone) == p
    for edge in (p.start, p.last_instant):
        assert period_at(edge, grain, zone) == p


@given(INSTANTS, GRAINS, ZONES)
def test_labels_grow_with_time(instant, grain, zone):
    """`period_start` in `--json` names one period and sorts like time."""
    p = period_at(instant, grain, zone)
    after = next_period(p, zone)
    if grain is not Grain.HOUR:
        assert p.label(zone) < after.label(zone)
    assert p.label(zone) != after.label(zone)


@given(INSTANTS, GRAINS, ZONES)
def test_the_last_instant_still_shows_the_period_s_own_date(instant, grain, zone):
    """A settled value is computed as of it, and its `current_date` must be the last date of the period."""
    p = period_at(instant, grain, zone)
    last, first = p.last_instant.astimezone(zone).date(), p.start.astimezone(zone).date()
    assert first <= last < next_period(p, zone).start.astimezone(zone).date() or grain is Grain.HOUR


@given(INSTANTS, ZONES, st.sampled_from([Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR]))
def test_longer_periods_are_made_of_whole_days(instant, zone, grain):
    """A week's sum is the sum of its days."""
    p = period_at(instant, grain, zone)
    days = list(periods_ended(Grain.DAY, first=p.start, until=p.end, zone=zone))
    assert (days[0].start, days[-1].end) == (p.start, p.end)


@given(INSTANTS, ZONES)
def test_an_hour_is_one_local_hour_under_one_offset(instant, zone):
    """At most sixty minutes, all with the same hour on the clock."""
    p = period_at(instant, Grain.HOUR, zone)
    first, last = p.start.astimezone(zone), p.last_instant.astimezone(zone)
    assert (first.date(), first.hour, first.utcoffset()) == (last.date(), last.hour, last.utcoffset())
    assert timedelta(0) < p.end - p.start <= timedelta(hours=1)


@given(INSTANTS, GRAINS, ZONES, st.integers(0, 40))
def test_periods_ended_are_the_finished_ones_in_order(instant, grain, zone, count):
    """A backfill visits each period once, the running one never."""
    first = p = period_at(instant, grain, zone)
    for _ in range(count):
        p = next_period(p, zone)
    ended = list(periods_ended(grain, first=instant, until=p.start, zone=zone))
    assert len(ended) == count
    assert not count or ended[0] == first
    assert all(a.end == b.start for a, b in pairwise(ended))
    assert list(periods_ended(grain, first=instant, until=p.last_instant, zone=zone)) == ended


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("Europe/Berlin", (2026, 11, 24), 24),
        ("America/New_York", (2026, 3, 8), 23),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("America/Sao_Paulo", (2018, 11, 4), 23),  # begins at 01:00
        ("Africa/Cairo", (2026, 4, 24), 23),
        ("Asia/Kolkata", (2026, 3, 29), 24),
        ("America/St_Johns", (2006, 10, 28), 25),  # its 23:01 to 00:00 came twice, and 00:00 to 00:01 with it
    ],
)
def test_a_day_is_as_long_as_the_zone_made_it(zone, date, hours):
    """Days have 23, 24 or 25 hours, and half hours exist."""
    p = day(ZoneInfo(zone), *date)
    assert (p.end - p.start) / timedelta(hours=1) == hours


def test_a_skipped_midnight_starts_the_day_at_the_first_minute_there_is():
    """São Paulo, 4 November 2018: 00:00 did not exist."""
    zone = ZoneInfo("America/Sao_Paulo")
    p = day(zone, 2018, 11, 4)
    assert p.start == local(zone, 2018, 11, 4, 1).astimezone(UTC)
    assert p.label(zone) == "2018-11-04"


def test_a_skipped_day_is_no_period():
    """Apia had no 30 December 2011; a row for it could never get a value."""
    zone = ZoneInfo("Pacific/Apia")
    first, until = local(zone, 2011, 12, 29, 1), local(zone, 2012, 1, 1, 1)
    assert labels(Grain.DAY, zone, first, until) == ["2011-12-29", "2011-12-31"]


def test_the_repeated_hour_is_two_periods():
    """An hourly metric has 25 values on that day, each with its own label."""
    hours = labels(Grain.HOUR, BERLIN, local(BERLIN, 2026, 10, 25, 1), local(BERLIN, 2026, 10, 25, 4))
    assert hours == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_a_half_hour_shift_leaves_a_period_of_thirty_minutes():
    """Lord Howe moves its clocks by half an hour, at a whole hour."""
    zone = ZoneInfo("Australia/Lord_Howe")
    spring = labels(Grain.HOUR, zone, local(zone, 2026, 10, 4, 1), local(zone, 2026, 10, 4, 4))
    assert spring == ["2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00"]
    autumn = labels(Grain.HOUR, zone, local(zone, 2026, 4, 5, 1), local(zone, 2026, 4, 5, 3))
    assert autumn == ["2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"]


def test_hours_of_a_half_hour_zone_start_on_its_own_hour():
    """In India local :00 is UTC :30."""
    zone = ZoneInfo("Asia/Kolkata")
    p = period_at(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), Grain.HOUR, zone)
    assert (p.start, p.label(zone)) == (datetime(2026, 11, 24, 8, 30, tzinfo=UTC), "2026-11-24T14:00:00+05:30")


@pytest.mark.parametrize(
    ("grain", "label"),
    [
        (Grain.DAY, "2026-02-28"),
        (Grain.WEEK, "2026-02-23"),
        (Grain.MONTH, "2026-02-01"),
        (Grain.QUARTER, "2026-01-01"),
        (Grain.YEAR, "2026-01-01"),
    ],
)
def test_a_period_is_called_by_its_first_local_day(grain, label):
    """Weeks start on Monday; 23:30 UTC on 27 February is already the 28th in Berlin."""
    assert period_at(datetime(2026, 2, 27, 23, 30, tzinfo=UTC), grain, BERLIN).label(BERLIN) == label


def test_a_wall_clock_names_no_instant():
    """A naive time would silently be read in the machine's zone."""
    with pytest.raises(ValueError, match="has no offset"):
        period_at(datetime(2026, 1, 1), Grain.DAY, NEW_YORK)  # noqa: DTZ001
