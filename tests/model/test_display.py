"""Numbers, ages and sparklines as people read them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from heartbeat_lib.model.display import age, number, sparkline


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "no value"),
        (0, "0"),
        (Decimal("1234567.500"), "1,234,567.5"),
        (0.1 + 0.2, "0.3"),
        (Decimal(2**127), f"{2**127:,}"),
        (Decimal("-12.345"), "-12.35"),
    ],
)
def test_a_number_shows_its_telling_digits(value, shown):
    """Neither sixteen digits of a double nor a rounded-away integer helps anybody."""
    assert number(value) == shown


def test_a_unit_follows_its_number():
    """A number without unit is read in the wrong one."""
    assert number(5, "EUR") == "5 EUR"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (None, "unknown"),
        (timedelta(seconds=-3), "0 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=26), "26 h"),
        (timedelta(days=5), "5 days"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(span, shown):
    """26 h says more than 1 day where a promise is made in hours; a clock set back is no negative age."""
    assert age(span) == shown


def test_a_sparkline_spans_its_values_and_leaves_gaps():
    """A period without value is a gap, never a zero."""
    assert sparkline([1, None, 8]) == "▁ █"


def test_a_constant_line_stays_in_the_middle():
    """Neither bottom nor top: nothing moved."""
    assert set(sparkline([3, 3, 3])) == {"▄"}


def test_no_values_draw_nothing():
    """A metric that was deployed a minute ago."""
    assert sparkline([None, None]) == ""
