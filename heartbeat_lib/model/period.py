"""Periods: the spans a metric is judged over, cut in the workspace's zone.

A period is a half-open interval of instants, [start, end), in UTC. The periods of one grain tile time: every instant lies in
exactly one, each ends where the next begins. The surprises come from zones:

- a day has 23, 24 or 25 hours, or 23.5; where midnight is skipped the day starts with the first minute that exists, and a
  day that a zone skipped altogether (Apia, 30 December 2011) is no period at all;
- a clock that goes back over midnight shows the old date once more: the new day starts when its date has come to stay;
- an hour is one stretch of one local hour under one offset, so the repeated hour of autumn is two periods, and a half-hour
  shift (Lord Howe) leaves a period of thirty minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

_INSTANT = timedelta(microseconds=1)  # the smallest step of a datetime
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Grain(StrEnum):
    """How long a period is; the registry's column `period`."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One span of one grain: the instants from `start` up to, but without, `end`. Both aware, in UTC."""

    grain: Grain
    start: datetime
    end: datetime

    @property
    def last_instant(self) -> datetime:
        """The last microsecond of the period: what its final value is computed as of."""
        return self.end - _INSTANT

    def label(self, zone: ZoneInfo) -> str:
        """The local date it starts on, `2026-11-24`; for an hour its local start, `2026-11-24T09:00:00+01:00`."""
        local = self.start.astimezone(zone)
        return local.isoformat() if self.grain is Grain.HOUR else local.date().isoformat()


@lru_cache(maxsize=1024)  # all metrics of a tick ask for the same few
def period_at(instant: datetime, grain: Grain, zone: ZoneInfo) -> Period:
    """The period that holds `instant`.

    Parameters
    ----------
    instant
        Aware, in any zone.
    grain
        Length of the period.
    zone
        Where days begin: the workspace's zone.

    Raises
    ------
    ValueError
        `instant` has no offset, so it names no instant.

    Examples
    --------
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> period_at(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), Grain.DAY, berlin).label(berlin)
    '2026-11-25'
    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} has no offset: a period is found for an instant, not for a wall clock")
    instant = instant.astimezone(UTC)
    if grain is Grain.HOUR:
        return _hour_at(instant, zone)
    first = _floor(instant.astimezone(zone).date(), grain)
    # The local date decides, except where clocks went back over midnight or a whole day was skipped: then step to the
    # neighbour that holds the instant. A skipped day starts and ends at once, so the second loop walks over it.
    while (start := _start_of(first, zone)) > instant:
        first = _floor(first - _DAY, grain)
    while (end := _start_of(after := _following(first, grain), zone)) <= instant:
        first, start = after, end
    return Period(grain=grain, start=start, end=end)


def next_period(p: Period, zone: ZoneInfo) -> Period:
    """The period that begins where `p` ends."""
    return period_at(p.end, p.grain, zone)


def previous_period(p: Period, zone: ZoneInfo) -> Period:
    """The period that ends where `p` begins."""
    return period_at(p.start - _INSTANT, p.grain, zone)


def periods_ended(grain: Grain, *, first: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Period]:
    """Every finished period from the one that holds `first` on, oldest first.

    Parameters
    ----------
    first, until
        Aware. A period counts when it starts no earlier than the one holding `first` and has ended at `until`; one that ends
        exactly then is finished.
    """
    p = period_at(first, grain, zone)
    while p.end <= until:
        yield p
        p = next_period(p, zone)


def _floor(day: date, grain: Grain) -> date:
    """The first date of the calendar unit that `day` belongs to."""
    match grain:
        case Grain.WEEK:
            return day - timedelta(days=day.weekday())
        case Grain.MONTH:
            return day.replace(day=1)
        case Grain.QUARTER:
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case Grain.YEAR:
            return date(day.year, 1, 1)
        case _:
            return day


def _following(first: date, grain: Grain) -> date:
    """The first date of the calendar unit after the one that starts on `first`."""
    longest = {Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}.get(grain, 1)
    return _floor(first + timedelta(days=longest), grain)


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant from which on the local date is `day` or later for good."""
    midnight = datetime.combine(day, time(), zone)
    first, second = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:  # the usual midnight: it exists once
        return first
    if first > second:  # midnight was skipped: the day begins where the clock jumped over it
        return _change_between(second, first, zone)
    # Midnight came twice. If the old date was shown in between, the first one did not last.
    return second if (second - _INSTANT).astimezone(zone).date() < day else first


def _hour_at(instant: datetime, zone: ZoneInfo) -> Period:
    """The stretch of one local hour under one offset that holds `instant`."""
    local = instant.astimezone(zone)
    offset = local.utcoffset()
    top = instant - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    start, end = top, top + _HOUR
    if start.astimezone(zone).utcoffset() != offset:
        start = _change_between(start, instant, zone)
    if (end - _INSTANT).astimezone(zone).utcoffset() != offset:
        end = _change_between(instant, end, zone)
    return Period(grain=Grain.HOUR, start=start, end=end)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The whole second in (before, after] at which the zone's offset changes; the offset differs between the two."""
    old = before.astimezone(zone).utcoffset()
    low, high = 0, -((before - after) // timedelta(seconds=1))  # rounded up: `after` may carry microseconds
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
