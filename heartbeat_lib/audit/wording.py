"""Moments, periods, counts and numbers as evidence words them, in the workspace's zone; plain text, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import MAX_PREC, Decimal, localcontext
from zoneinfo import ZoneInfo

from heartbeat_lib.model.display import age
from heartbeat_lib.model.figures import NOTHING, exactly, typed
from heartbeat_lib.model.period import Grain
from heartbeat_lib.model.words import counted, day, promise, short_period

__all__ = ["Number", "apart", "counted", "digits", "exactly", "moment", "period_words", "relative", "span", "together"]

Number = int | Decimal | float


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """24 Nov 2026 09:17, on the zone's clock; "–" never: an instant is known."""
    local = instant.astimezone(zone)
    return f"{day(local, year=True)} {local:%H:%M}"


def period_words(start: datetime, grain: str, zone: ZoneInfo) -> str:
    """24 Nov 2026, 24 Nov 2026 09:00, the week of 23 Nov 2026, Nov 2026, Q4 2026, 2026."""
    match grain:
        case Grain.DAY:
            return day(start.astimezone(zone), year=True)
        case Grain.HOUR:
            return moment(start, zone)
        case Grain.WEEK:
            return f"the week of {day(start.astimezone(zone), year=True)}"
        case _:
            return short_period(start, grain, zone)


def span(length: timedelta) -> str:
    """A promise or a rhythm, exactly where it is a round one: 24 h, 3 days, 90 min.

    >>> span(timedelta(hours=26)), span(timedelta(days=14)), span(timedelta(minutes=90))
    ('26 h', '14 days', '90 min')
    """
    round_one = length % timedelta(hours=1) == timedelta() or timedelta(minutes=1) <= length < timedelta(hours=3)
    return promise(length) if round_one else age(length)


def together(names: Sequence[str]) -> str:
    """a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def digits(value: Number | None) -> str:
    """Every digit that tells; "–" for None."""
    return NOTHING if value is None else typed(exactly(value))


def relative(difference: Decimal, base: Decimal) -> str:
    """A difference as a share of `base`, in percent; "" where there is nothing to compare with.

    >>> relative(Decimal(5), Decimal(200)), relative(Decimal("-0.000001"), Decimal(3))
    ('2.5 %', '-0.000033 %')
    """
    if not base:
        return ""
    with localcontext(prec=12):
        share = difference * 100 / abs(base)
    return f"{typed(Decimal(f'{share:.2g}') if abs(share) < 100 else share.quantize(Decimal(1)))} %"


def apart(ours: Decimal, theirs: Decimal) -> Decimal:
    """Ours less theirs, with every digit."""
    with localcontext(prec=MAX_PREC):
        return ours - theirs
