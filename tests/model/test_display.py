"""Numbers, ages and sparklines as people read them."""

from __future__ import annotations

import doctest
from datetime import timedelta
from decimal import Decimal

import pytest

from heartbeat_lib.model import display
from heartbeat_lib.model.display import age, band, number, sparkline, unusual


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


@pytest.mark.parametrize(
    ("mean", "sd", "shown"),
    [
        ("40.1234", "5.2345", "40.1 ± 5.2 EUR"),
        ("0.05", "0.00123", "0.0500 ± 0.0012 EUR"),
        ("1234567.8", "12345.6", "1,234,568 ± 12,346 EUR"),
        ("1000000000.3", "0.5", "1,000,000,000.30 ± 0.50 EUR"),
        ("-0.001", "3.4", "0.0 ± 3.4 EUR"),
        ("40", "0", "40 ± 0 EUR"),
        ("0.30000000000000004", "0.00000000000000004", "0.3 ± 0 EUR"),
    ],
)
def test_a_band_has_the_digits_that_its_width_allows(mean, sd, shown):
    """More would claim to know more."""
    assert band(Decimal(mean), Decimal(sd), "EUR") == shown


@pytest.mark.parametrize(
    ("value", "sd", "said"),
    [
        ("59.9", "10", ""),
        ("60", "10", "unusual, 2.0 deviations"),
        ("17", "10", "unusual, 2.3 deviations"),
        ("1e30", "1e-9", "unusual, over 1000 deviations"),
        ("40", "0", ""),
        ("41", "0", "unusual, it never differed before"),
        ("40.00000000000001", "0", ""),
    ],
)
def test_a_value_is_unusual_from_two_deviations_on(value, sd, said):
    """In either direction; and where it never differed, at any difference that is more than a double's last digit."""
    assert unusual(Decimal(value), Decimal(40), Decimal(sd)) == said


def test_without_a_band_or_a_value_nothing_is_said():
    """Six days are no history."""
    assert band(None, None, "EUR") == ""
    assert unusual(Decimal(5), None, None) == ""
    assert unusual(None, Decimal(5), Decimal(1)) == ""


def test_the_examples_hold():
    """They are read first."""
    assert doctest.testmod(display).failed == 0
