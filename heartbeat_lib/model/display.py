"""Numbers, ages and small pictures as people read them; the same wherever they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import MAX_PREC, ROUND_HALF_UP, Decimal, localcontext
from typing import TypeVar

_NOISE = Decimal("1e-12")
"""Relative size of what sums of doubles gain and lose in their last digits from run to run."""
_UNUSUAL_FROM = 2
"""Deviations from the mean."""
_COUNTED_TO = 1000
"""Deviations beyond this say no more than that they are many."""
_BARS = "▁▂▃▄▅▆▇█"
_Value = TypeVar("_Value", float, Decimal)


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


def band(mean: Decimal | None, sd: Decimal | None, unit: str | None = None) -> str:
    """What is normal, both numbers to the second telling digit of the deviation; empty where there is no band.

    Parameters
    ----------
    mean, sd
        In the metric's unit; None: fewer than 7 values.

    >>> band(Decimal("40.1234"), Decimal("5.2345"), "EUR")
    '40.1 ± 5.2 EUR'
    >>> band(Decimal("1234567.8"), Decimal("8901.2"))
    '1,234,568 ± 8,901'
    """
    if mean is None or sd is None:
        return ""
    if sd <= _noise(mean):
        text = f"{number(mean)} ± 0"
    else:
        places = max(0, 1 - sd.adjusted())
        with localcontext(prec=MAX_PREC):
            text = " ± ".join(f"{_plain(part.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)):,f}" for part in (mean, sd))
    return f"{text} {unit}" if unit else text


def unusual(value: Decimal | None, mean: Decimal | None, sd: Decimal | None) -> str:
    """A neutral remark on a value two deviations or more from the mean; empty where there is nothing to remark.

    It is no alarm: it has no colour and reaches no status.

    >>> unusual(Decimal("52.1"), Decimal("40.1"), Decimal("5.2"))
    'unusual, 2.3 deviations'
    >>> unusual(Decimal(41), Decimal(40), Decimal(0))
    'unusual, it never differed before'
    """
    if value is None or mean is None or sd is None:
        return ""
    with localcontext(prec=MAX_PREC):
        distance = abs(value - mean)
    noise = _noise(mean)
    if sd <= noise:
        return "unusual, it never differed before" if distance > noise else ""
    deviations = distance / sd
    if deviations < _UNUSUAL_FROM:
        return ""
    return f"unusual, {deviations:.1f} deviations" if deviations < _COUNTED_TO else f"unusual, over {_COUNTED_TO} deviations"


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


def sparkline(values: Sequence[_Value | None]) -> str:
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


def _noise(mean: Decimal) -> Decimal:
    return abs(mean) * _NOISE


def _plain(rounded: Decimal) -> Decimal:
    """Without the sign of a negative number that was rounded to nothing."""
    return rounded if rounded else abs(rounded)
