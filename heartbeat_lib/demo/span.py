"""The stretch of time a demo bank covers, and its wall clock.

`horizon_us` is the last instant anybody at the bank knows of: what happens later is not in the tables yet, as a row or as
a filled column. Days of 23 and 25 hours need no care by the tables: `Span.instants` keeps every wall time on its own day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from heartbeat_lib.demo.draws import Floats, Ints

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
PAYMENT_DAYS = 200
YEAR_DAYS = 400
_EPOCH = date(1970, 1, 1).toordinal()
# How far before and after `ending` a table may ask for a wall time: the oldest account, the slowest answer.
_DAYS_BEFORE, _DAYS_AFTER = 1_300, 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days up to and including `ending` in `zone`; nothing after `horizon_us` (microseconds UTC since 1970) is known."""

    ending: int
    zone: ZoneInfo
    horizon_us: int

    @classmethod
    def until(cls, ending: date, until: datetime | None, zone: ZoneInfo) -> "Span":
        """The span whose horizon is `until` or the last microsecond of `ending`, whichever comes first."""
        midnight = datetime.combine(ending + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
        horizon = midnight - timedelta(microseconds=1)
        if until is not None:
            horizon = min(horizon, until)
        return cls(ending=ending.toordinal(), zone=zone, horizon_us=_microseconds(horizon))

    def days(self, length: int) -> Ints:
        """Ordinals of the last `length` days, oldest first."""
        return np.arange(self.ending - length + 1, self.ending + 1, dtype=np.int64)

    def instants(self, days: Ints, hours: Floats) -> Ints:
        """Microseconds UTC since 1970 of wall times, `hours` (0 <= h < 24) into `days` (ordinals).

        A wall time that spring skips becomes the one an hour later; those that autumn repeats are shared between both
        hours. Days outside the span's reach raise IndexError.
        """
        wall = (hours * HOUR_US).astype(np.int64)
        offsets = _offsets(self.zone, self.ending)[days - (self.ending - _DAYS_BEFORE), wall // HOUR_US, wall & 1]
        return (days - _EPOCH) * DAY_US + wall - offsets

    def office(self, days: Ints, share: Floats) -> Ints:
        """Instants between 8:00 and 17:30 on the given days, or on the Monday after where the day is at a weekend."""
        return self.instants(next_working_day(days), 8.0 + 9.5 * share)


def weekday(days: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return (days + 6) % 7


def next_working_day(days: Ints) -> Ints:
    """The days themselves, Saturdays and Sundays moved to Monday. The demo knows no public holidays."""
    return days + np.maximum(0, 7 - weekday(days)) * (weekday(days) > 4)


def identifier(days: Ints, numbers: Ints) -> Ints:
    """Ids that read as their date and stay put whatever else is made: 2026112400017 is number 17 of 24 November 2026."""
    dates = (days - _EPOCH).astype("M8[D]")
    months = dates.astype("M8[M]")
    year = months.astype("M8[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day_of_month = (dates - months.astype("M8[D]")).astype(np.int64) + 1
    return (year * 10_000 + month * 100 + day_of_month) * 100_000 + numbers


def _microseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@lru_cache(maxsize=4)
def _offsets(zone: ZoneInfo, ending: int) -> Ints:
    """Offset from UTC in microseconds by day, wall hour and fold. Only days on which it changes are asked hour by hour."""
    days = range(ending - _DAYS_BEFORE, ending + _DAYS_AFTER)
    midnights = np.array([_offset(zone, day, 0, 0) for day in (*days, days.stop)])
    table = np.repeat(midnights[:-1], 48).reshape(len(days), 24, 2)
    for row in np.flatnonzero(midnights[:-1] != midnights[1:]):
        hours = np.array([[_offset(zone, days[row], hour, fold) for fold in (0, 1)] for hour in range(24)])
        # In an hour that spring skips, the second reading would lead backwards, at midnight even to the day before.
        table[row] = np.minimum(hours, hours[:, :1])
    return table


def _offset(zone: ZoneInfo, day: int, hour: int, fold: int) -> int:
    wall = datetime.combine(date.fromordinal(day), time(hour, fold=fold), tzinfo=zone)
    return (wall.utcoffset() or timedelta()) // timedelta(microseconds=1)
