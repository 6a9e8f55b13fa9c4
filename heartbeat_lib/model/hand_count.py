"""When a number that we compute and one that a person counted are the same."""

from __future__ import annotations

from decimal import Decimal

_RELATIVE = Decimal("1e-9")


def tolerance(counted: Decimal) -> Decimal:
    """How far a computed value may lie from `counted`: half of the last digit that was written, at least 1e-9 of the value.

    >>> tolerance(Decimal("12.50")), tolerance(Decimal("1200"))
    (Decimal('0.005'), Decimal('0.5'))
    """
    exponent = counted.as_tuple().exponent
    assert isinstance(exponent, int), "no hand count is infinite or NaN; the table refuses both"
    return max(Decimal(5).scaleb(exponent - 1), abs(counted) * _RELATIVE)


def same(computed: Decimal | float | None, counted: Decimal) -> bool:
    """Whether `computed` is the number that a person counted; None, no number, never is."""
    if computed is None:
        return False
    exact = computed if isinstance(computed, Decimal) else Decimal(str(computed))
    return abs(exact - counted) <= tolerance(counted)
