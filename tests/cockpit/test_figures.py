"""How values are written: decimals of the metric, millions of money, and laws that hold for every number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.model.figures import Figures, figures_of, typed, typed_number

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=6)
styles = st.builds(
    Figures, by=st.sampled_from([1, 1_000_000]), decimals=st.integers(0, 3), unit=st.sampled_from(["", "%", "EUR"])
)


def of(unit, norm, alert, value, **more):
    lines = [None if line is None else Decimal(line) for line in (norm, alert)]
    return figures_of(unit, norm=lines[0], alert=lines[1], value=None if value is None else Decimal(value), **more)


@pytest.mark.parametrize(
    ("unit", "norm", "alert", "value", "text"),
    [
        ("%", "0.65", "0.90", "1.1234", "1.12"),
        ("min", "8.0", "10.0", "12.44", "12.4"),
        ("%", "130", "110", "125.4", "125"),
        ("days", "2", "3", "2", "2.0"),
        ("accounts", "8", "15", "9", "9"),
        (None, "8", "15", "9", "9"),
        (None, "8", "15", "9.25", "9.3"),
        ("%", "0.0004", "0.0009", "0.0012", "0.001"),
        ("%", "50", "50", "12.7", "13"),
        ("EUR", "1500000", "2000000", "2310456", "2.31"),
        ("EUR", "500", "900", "1234.5", "1,235"),
        ("%", "0.65", "0.90", "-0.42", "−0.42"),
    ],
)
def test_decimals_are_those_that_tell_norm_from_alert(unit, norm, alert, value, text):
    """Counts and equal thresholds have none, and nothing has more than three."""
    assert of(unit, norm, alert, value).text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "recent", "sd", "text"),
    [
        ("3", [1.0, None, 2.0], None, "3"),
        ("0.1234", [0.1, 0.2], "0.05", "0.123"),
        ("40.1234", [40.0, 45.5], None, "40.1"),
        ("0.25", [], None, "0.25"),
    ],
)
def test_without_thresholds_the_decimals_are_those_of_the_spread(value, recent, sd, text):
    """Whole values have none."""
    figures = of("%", None, None, value, recent=recent, sd=None if sd is None else Decimal(sd))
    assert figures.text(Decimal(value)) == text


def test_money_is_in_millions_from_a_million_on():
    """With the thresholds; other units never are, and the exact value is in full."""
    figures = of("EUR", "1500000", "2000000", "2310456.5")
    assert figures.with_unit(Decimal(2_000_000)) == "2.00 M EUR"
    assert figures.exact(Decimal("2310456.5")) == "2,310,456.5 EUR"
    assert figures.band(Decimal(1_100_000), Decimal(500_000)) == "1.10 ± 0.50 M EUR"
    assert of("EUR", "1000", "2000", "999999").unit == "EUR"
    assert of("EUR", None, None, "-1000000").unit == "M EUR"
    assert of("visits", "1500000", "2000000", "2310456").with_unit(Decimal(2_310_456)) == "2,310,456 visits"


def test_nothing_is_a_dash_and_never_a_zero():
    """NULL is no number."""
    assert (of("%", "1", "2", None).text(None), of("%", "1", "2", None).exact(None)) == ("–", "")


def test_a_deviation_never_reads_as_none_while_there_is_one():
    """A band of no width says that the value never differed."""
    figures = of("alerts", "40", "80", "41")
    assert figures.band(Decimal("40.1"), Decimal("0.31")) == "40.10 ± 0.31 alerts"
    assert figures.band(Decimal(40), Decimal(0)) == "40 ± 0 alerts"
    assert figures.band(Decimal("39.2"), Decimal("9.4")) == "39 ± 9 alerts"


def _read(text):
    return Decimal(text.replace(",", "").replace("−", "-"))


@given(styles, numbers)
def test_a_figure_has_its_decimals_and_no_minus_before_nothing(figures, value):
    """Digits never jump, and "-0" is no number."""
    text = figures.text(value)
    assert "-" not in text
    if _read(text) == 0:
        assert "−" not in text
    mantissa = text.partition("e")[0]
    assert len(mantissa.partition(".")[2]) == figures.decimals


@given(styles, numbers, numbers)
def test_a_larger_value_never_reads_smaller(figures, one, other):
    """Whatever is rounded."""
    low, high = sorted([one, other])
    assert _read(figures.text(low)) <= _read(figures.text(high))


@given(numbers)
def test_what_a_field_shows_is_what_it_reads(value):
    """A threshold that nobody touched stays as it is."""
    assert typed_number(typed(value)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ("  ", None), (" 0.90 ", "0.90"), ("-3", "-3"), ("−.5", "-0.5"), ("7.", "7")]
)
def test_a_typed_number_is_plain(text, value):
    """Spaces do not count."""
    assert typed_number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["0,9", "1,000", "1e9", "NaN", "five", "--1", "1 000", "٣", "9" * 40, "<b>1</b>"])
def test_anything_else_is_refused_in_words(text):
    """A comma may mean two things, and a wrong threshold is worse than a question."""
    with pytest.raises(ValueError, match="is not a number") as refused:
        typed_number(text)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("value", "text"), [("0.900", "0.9"), ("1200", "1200"), ("1E+3", "1000"), ("-0.00", "0"), ("0.000001", "0.000001")]
)
def test_a_field_shows_no_idle_zeros(value, text):
    """Nor commas."""
    assert typed(Decimal(value)) == text
