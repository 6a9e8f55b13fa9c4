"""Moments, periods and spans as people read them, in the workspace's zone. Pure: `now` is an argument.

Names of days and months are English whatever the machine speaks, and the same as the page's own.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from heartbeat_lib.model.cron import Cron
from heartbeat_lib.model.period import Grain, period_at

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
_WHOLE_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MINUTE, _HOUR, _DAY, _WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_USUAL = ((_HOUR, "hourly"), (_DAY, "daily"), (_WEEK, "weekly"), (timedelta(days=30), "monthly"))
_NEAR = 0.1
"""A load that comes every 57 or 63 minutes is hourly to people."""
_A_WEEK = datetime(2026, 1, 5, tzinfo=ZoneInfo("UTC"))


def day(local: date, *, year: bool = False, weekday: bool = False) -> str:
    """24 Nov; with the year 24 Nov 2026; with the day of the week Tue 24 Nov."""
    text = f"{local.day} {MONTHS[local.month - 1]}"
    return f"{_DAYS[local.weekday()][:3] + ' ' if weekday else ''}{text}{f' {local.year}' if year else ''}"


def time(local: datetime) -> str:
    """09:17; where the clock shows this time twice also which of the two, 02:17 CET."""
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def moment(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """09:17 where it is the same day as `now`, else 22 Nov 09:17."""
    local = instant.astimezone(zone)
    return time(local) if local.date() == now.astimezone(zone).date() else f"{day(local)} {time(local)}"


def short_period(start: datetime, grain: str, zone: ZoneInfo) -> str:
    """A period in a few words: 24 Nov, 24 Nov 09:00, the week of 23 Nov, Nov 2026, Q4 2026, 2026."""
    local = start.astimezone(zone)
    match grain:
        case Grain.HOUR:
            return f"{day(local)} {time(local)}"
        case Grain.WEEK:
            return f"the week of {day(local)}"
        case Grain.MONTH:
            return f"{MONTHS[local.month - 1]} {local.year}"
        case Grain.QUARTER:
            return f"Q{(local.month + 2) // 3} {local.year}"
        case Grain.YEAR:
            return f"{local.year}"
        case _:
            return day(local)


def listed_period(start: datetime, grain: str, zone: ZoneInfo) -> str:
    """A period among many: Tue 24 Nov 2026, 24 Nov 2026 09:00, week of 23 Nov 2026, else as `short_period`."""
    local = start.astimezone(zone)
    match grain:
        case Grain.DAY:
            return day(local, year=True, weekday=True)
        case Grain.HOUR:
            return f"{day(local, year=True)} {time(local)}"
        case Grain.WEEK:
            return f"week of {day(local, year=True)}"
        case _:
            return short_period(start, grain, zone)


def long_period(start: datetime, grain: str, now: datetime, zone: ZoneInfo) -> str:
    """The period on show: Tuesday 24 Nov 2026, still open."""
    local, end = start.astimezone(zone), period_at(start, Grain(grain), zone).end
    match grain:
        case Grain.DAY:
            text = f"{_DAYS[local.weekday()]} {day(local, year=True)}"
        case Grain.HOUR:
            text = f"{_DAYS[local.weekday()]} {day(local, year=True)}, {time(local)} to {time(end.astimezone(zone))}"
        case Grain.WEEK:
            text = f"Week of {_DAYS[local.weekday()]} {day(local, year=True)}"
        case Grain.MONTH:
            text = f"{_WHOLE_MONTHS[local.month - 1]} {local.year}"
        case _:
            text = short_period(start, grain, zone)
    return f"{text}, still open" if now < end else text


def counted(count: int, noun: str) -> str:
    """1 day, 12 days, 1,204 days."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def promise(span: timedelta | None) -> str:
    """A promised age, exactly: 24 h, 3 days, 90 min; empty where nobody promised.

    >>> promise(timedelta(hours=24)), promise(timedelta(days=14))
    ('24 h', '14 days')
    """
    if span is None:
        return ""
    if span % _DAY == timedelta() and span > 2 * _DAY:
        return counted(span // _DAY, "day")
    return f"{span // _HOUR} h" if span % _HOUR == timedelta() else f"{round(span / _MINUTE)} min"


def rhythm(span: timedelta | None) -> str:
    """How often loads come: hourly, daily, weekly, monthly, every 15 min, every 2 h, every 3 days; empty where nobody knows.

    >>> rhythm(timedelta(minutes=58)), rhythm(timedelta(minutes=15))
    ('hourly', 'every 15 min')
    """
    if span is None:
        return ""
    for usual, word in _USUAL:
        if abs(span / usual - 1) <= _NEAR:
            return word
    if span < 1.5 * _HOUR:
        return f"every {max(1, round(span / _MINUTE))} min"
    return f"every {round(span / _HOUR)} h" if span < 2 * _DAY else f"every {round(span / _DAY)} days"


@lru_cache(maxsize=16)
def schedule(crontab: str) -> str:
    """How often a crontab line comes: every hour, every 15 min, every day, every week, every month; its most common gap.

    >>> schedule("17 * * * *"), schedule("*/15 * * * *"), schedule("0 6 * * mon-fri")
    ('every hour', 'every 15 min', 'every day')
    """
    cron = Cron(crontab, ZoneInfo("UTC"))
    dues = cron.between(_A_WEEK, _A_WEEK + _WEEK)
    if len(dues) < 2:
        dues = cron.between(_A_WEEK, _A_WEEK + timedelta(days=400))
    gaps = [later - earlier for earlier, later in pairwise(dues)]
    if not gaps:
        return "as scheduled"
    common = rhythm(max(gaps, key=gaps.count))
    words = {"hourly": "every hour", "daily": "every day", "weekly": "every week", "monthly": "every month"}
    return words.get(common, common)


def first_line(text: str | None) -> str:
    """The first line that says something."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
