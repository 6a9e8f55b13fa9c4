"""How the values of one metric are written: always in the same decimals, so that digits never jump while a number moves.

Decimals follow from what has to be told apart: ceil(1 - log10(|alert - norm|)), 0 to 3; two equal thresholds and counts have
none. Without two thresholds, values that are all whole have none, and others as many as the second telling digit of the typical
deviation takes, else of the values' range, else of the value itself. Money is written in millions once the value or a threshold
reaches one.

The surprise: a unit that is a plain noun ('accounts') is a count, 'days' is not; and a count that is not whole is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_PREC, ROUND_HALF_UP, Decimal, localcontext

from heartbeat_lib.model.display import band

NOTHING = "–"
MINUS = "\u2212"
MILLION = 1_000_000
_ZEROS = 6

_MOST_DECIMALS = 3
_MOST_PLAIN = Decimal("1e15")
"""From here on a number is written with an exponent: nobody reads sixteen digits."""
_NOISE = 1e-12
_MONEY = frozenset({"EUR", "USD", "CHF", "CZK", "GBP"})
_MEASURES = re.compile(
    r"m?s|secs?|seconds?|min|minutes?|h|hours?|d|days?|weeks?|months?|quarters?|years?|k?g|t|k?m|l|percent|points|pp|bps?"
)
_TYPED = re.compile(r"([+-]?)([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Values are divided by `by` and written with `decimals`; `unit` already says what they were divided by ('M EUR')."""

    by: int
    decimals: int
    unit: str

    def text(self, value: Decimal | float | None) -> str:
        """A value without its unit, thousands parted by commas; "–" for None.

        >>> Figures(by=1_000_000, decimals=2, unit="M EUR").text(Decimal(2310456))
        '2.31'
        >>> Figures(by=1, decimals=0, unit="").text(Decimal("-0.3"))
        '0'
        """
        if value is None:
            return NOTHING
        return _written(_divided(exactly(value), self.by), self.decimals)

    def with_unit(self, value: Decimal | float | None) -> str:
        """A value and its unit."""
        return self.followed(self.text(value))

    def exact(self, value: Decimal | None) -> str:
        """Every digit of a value, in the metric's own unit and never in millions; "" for None.

        >>> Figures(by=1, decimals=2, unit="%").exact(Decimal("1.1"))
        '1.10 %'
        """
        if value is None:
            return ""
        own = self if self.by == 1 else Figures(by=1, decimals=0, unit=self.unit.removeprefix("M "))
        return own.followed(_written(value, max(own.decimals, _places(value))))

    def band(self, mean: Decimal | None, sd: Decimal | None) -> str:
        """Mean ± deviation with the unit; in more decimals where the deviation would read as none; "" without a band."""
        if mean is None or sd is None:
            return ""
        scaled, width = _divided(mean, self.by), _divided(sd, self.by)
        text = f"{_written(scaled, self.decimals)} ± {_written(width, self.decimals)}"
        if sd > abs(float(mean)) * _NOISE and not _rounded(width, self.decimals):
            text = band(scaled, width).replace("-", MINUS)
        return self.followed(text)

    def followed(self, text: str) -> str:
        """`text` and the unit."""
        return f"{text} {self.unit}" if self.unit else text


def figures_of(
    unit: str | None,
    *,
    norm: Decimal | None,
    alert: Decimal | None,
    value: Decimal | None,
    sd: Decimal | None = None,
    recent: Sequence[float | None] = (),
) -> Figures:
    """How a metric's values are written; see the module.

    Parameters
    ----------
    norm, alert, value, sd
        In the metric's unit; None: there is none.
    recent
        Its last values; None where there was none.

    >>> figures_of("%", norm=Decimal("0.65"), alert=Decimal("0.90"), value=Decimal("1.1234"))
    Figures(by=1, decimals=2, unit='%')
    """
    unit = unit or ""
    lines = [line for line in (norm, alert) if line is not None]
    by = MILLION if unit in _MONEY and any(abs(number) >= MILLION for number in (*lines, value) if number is not None) else 1
    known = [number for number in (*recent, None if value is None else float(value)) if number is not None]
    plain = by == 1 and (is_count(unit) or len(lines) < 2)
    if plain and all(map(_is_whole, lines)) and all(number.is_integer() for number in known):
        decimals = 0
    elif norm is not None and alert is not None:
        decimals = _telling(abs(alert - norm), by)
    else:
        decimals = _telling(_spread(known, sd), by)
    return Figures(by=by, decimals=decimals, unit=f"M {unit}" if by > 1 else unit)


def is_count(unit: str) -> bool:
    """Whether a unit is a plain noun or none at all, and neither money nor a measure."""
    return not unit or (not _MEASURES.fullmatch(unit.lower()) and not unit.isupper() and unit.replace(" ", "").isalpha())


def typed_number(text: str) -> Decimal | None:
    """What somebody typed into a field for a number; None where the field is empty.

    Raises
    ------
    ValueError
        It is no plain number; the message is for the person.

    >>> typed_number(" 0.90 ")
    Decimal('0.90')
    """
    stripped = text.strip()
    if not stripped:
        return None
    match = _TYPED.fullmatch(stripped.replace(MINUS, "-"))
    if match is None:
        raise ValueError(f"“{text}” is not a number. Write it plainly, such as 0.85 or 12000: a point, and no commas.")
    return Decimal(match[1] + match[2])


def typed(value: Decimal | None) -> str:
    """A number as somebody would type it: every digit that tells, a plain minus, no commas; "" for None.

    >>> typed(Decimal("1200.500"))
    '1200.5'
    """
    return "" if value is None else f"{value or Decimal(0):.{_places(value)}f}"


def _written(value: Decimal, decimals: int) -> str:
    if abs(value) >= _MOST_PLAIN:
        return f"{value:.{decimals}e}".replace("-", MINUS)
    return f"{_rounded(value, decimals):,f}".replace("-", MINUS)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    with localcontext(prec=MAX_PREC):
        rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # no minus before nothing


def _divided(value: Decimal, by: int) -> Decimal:
    with localcontext(prec=MAX_PREC):
        return value if by == 1 else value.scaleb(-_ZEROS)


def exactly(value: Decimal | float | int) -> Decimal:
    """A number as a decimal: of a float the shortest text that means it."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _places(value: Decimal) -> int:
    """Digits after the point that tell something."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    digits = value.as_tuple().digits
    zeros = next((i for i, digit in enumerate(reversed(digits)) if digit), len(digits))
    return max(0, -exponent - zeros) if any(digits) else 0


def _telling(spread: Decimal, by: int) -> int:
    if not spread:
        return 0
    return min(_MOST_DECIMALS, max(0, 1 - _divided(spread, by).adjusted()))


def _spread(known: Sequence[float], sd: Decimal | None) -> Decimal:
    if not known:
        return sd or Decimal(0)
    noise = max(map(abs, known)) * _NOISE
    width = max(known) - min(known)
    if sd is not None and sd > noise:
        return sd
    return exactly(width if width > noise else abs(known[-1]))
