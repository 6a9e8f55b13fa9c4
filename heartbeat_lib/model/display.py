"""Numbers, ages and small pictures as people read them; the same wherever they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import MAX_PREC, ROUND_HALF_UP, Decimal, localcontext

_BARS = "▁▂▃▄▅▆▇█"


def number(value: Decimal | float | int | None, unit: str | None = None) -> str:
    """A value with at most four telling digits after the point and its unit; `no value` for None.

    >>> number(Decimal("1234567.5"), "EUR")
    '1,234,567.5 EUR'
    >>> number(Decimal("0.123456"), "%")
    '0.1235 %'
    """
    if value is None:
        return "no value"
    exact = value if isinstance(value, Decimal) else Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if exact == exact.to_integral_value():
        text = f"{int(exact):,}"
    else:
        places = 4 if abs(exact) < 1 else 2
        with localcontext(prec=MAX_PREC):
            rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        text = f"{rounded:,f}".rstrip("0").rstrip(".")
    return f"{text} {unit}" if unit else text


def age(span: timedelta | None) -> str:
    """How long ago, in the largest unit that tells: `12 s`, `5 min`, `26 h`, `4 days`; `unknown` for None.

    >>> age(timedelta(hours=26))
    '26 h'
    """
    if span is None:
        return "unknown"
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def sparkline(values: Sequence[float | None]) -> str:
    """One bar per value between the least and the greatest; a gap where there was none.

    >>> sparkline([1, 2, None, 3])
    '▁▅ █'
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = high - low
    top = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[round((value - low) / span * top) if span > 0 else top // 2] for value in values
    )
