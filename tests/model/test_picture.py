"""Where a metric's values stand in a small picture."""

from __future__ import annotations

import doctest
import math
import re
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.model import picture
from heartbeat_lib.model.picture import COLOURS, HEIGHT, WIDTH, sparkline_of, svg

ANY = st.floats() | st.sampled_from([0.0, -0.0, 5e-324, 1e-308, 2e-308, -1e308, 1e308, 1.7e308, 1 / 3, -1 / 3])
EVERYDAY = st.floats(-1e6, 1e6)
GAP = st.none()
NUMBER = GAP | ANY


@st.composite
def arguments(draw):
    """Everything that a caller may ask for, of any size."""
    values = draw(st.lists(NUMBER | EVERYDAY, max_size=90))
    return values, {
        "older": draw(st.integers(0, len(values))),
        "failed": draw(st.lists(st.integers(0, len(values) - 1), max_size=5)) if values else [],
        **{name: draw(NUMBER | EVERYDAY) for name in ("norm", "alert", "mean")},
        "sd": draw(GAP | st.floats(min_value=0)),
    }


def points_of(path):
    """Every point of a path, in its order."""
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+) (-?\d+)", path)]


def finite(values):
    """The values that can stand somewhere."""
    return [value for value in values if value is not None and math.isfinite(value)]


@given(arguments())
def test_everything_stands_in_the_box(asked):
    """What stood outside would cover the tile's text, or be cut."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    xs = [x for x, _ in points_of(drawing.line) + points_of(drawing.older)] + list(drawing.failed)
    ys = [y for _, y in points_of(drawing.line) + points_of(drawing.older)]
    xs += [drawing.cut] if drawing.cut is not None else []
    ys += [y for y in (drawing.norm, drawing.alert, *(drawing.band or ())) if y is not None]
    if drawing.last is not None:
        xs.append(drawing.last[0])
        ys.append(drawing.last[1])
    assert all(0 <= x <= WIDTH for x in xs)
    assert all(0 <= y <= HEIGHT for y in ys)


@given(arguments())
def test_every_value_is_drawn_once_and_nothing_else(asked):
    """A gap is a gap, and no point is made up."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    assert len(points_of(drawing.older)) == len(finite(values[: others["older"]]))
    assert len(points_of(drawing.line)) == len(finite(values[others["older"] :]))


@given(arguments())
def test_a_higher_value_never_stands_lower_and_equal_ones_stand_level(asked):
    """The picture must not contradict the number."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    ys = [y for _, y in points_of(drawing.older) + points_of(drawing.line)]
    by_value = sorted(zip(finite(values), ys, strict=True))
    assert all(b[1] <= a[1] for a, b in pairwise(by_value))
    assert all(a[1] == b[1] for a, b in pairwise(by_value) if a[0] == b[0])


@given(arguments())
def test_a_threshold_stands_on_its_side_of_every_value(asked):
    """A value past its alert is past it in the picture too."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    ys = [y for _, y in points_of(drawing.older) + points_of(drawing.line)]
    for name, at in (("norm", drawing.norm), ("alert", drawing.alert)):
        if at is not None:
            assert all((y <= at) if value >= others[name] else (y >= at) for value, y in zip(finite(values), ys, strict=True))


@given(arguments())
def test_time_goes_to_the_right(asked):
    """Each period has its own place, so a gap is as wide as what is missing."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    xs = [x for x, _ in points_of(drawing.older) + points_of(drawing.line)]
    assert xs == sorted(set(xs))
    if drawing.cut is not None:
        assert all(x <= drawing.cut for x, _ in points_of(drawing.older))
        assert all(x >= drawing.cut for x, _ in points_of(drawing.line))


@given(arguments())
def test_the_last_point_is_the_newest_value(asked):
    """It carries the colour of the status."""
    values, others = asked
    drawing = sparkline_of(values, **others)
    drawn = points_of(drawing.older) + points_of(drawing.line)
    assert drawing.last == (drawn[-1] if drawn else None)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30), st.integers(-40, 40))
def test_the_unit_does_not_change_the_picture(values, exponent):
    """Seconds or nanoseconds: the same shape."""
    assert sparkline_of([value * 2.0**exponent for value in values]) == sparkline_of([float(value) for value in values])


@given(arguments(), st.sampled_from(sorted(COLOURS)))
def test_the_svg_is_well_formed_and_fetches_nothing(asked, status):
    """It stands inside other people's pages."""
    values, others = asked
    root = ElementTree.fromstring(svg(sparkline_of(values, **others), status=status))
    assert root.tag == "svg"
    assert {element.tag for element in root} <= {"path", "rect"}
    assert not [name for element in root.iter() for name in element.attrib if "href" in name or name.startswith("on")]


@pytest.mark.parametrize(
    ("values", "line", "last"),
    [
        ([], "", None),
        ([None, None], "", None),
        ([math.inf, math.nan], "", None),
        ([7], "M1000 50h0", (1000, 50)),
        ([5, 5, 5], "M0 50L500 50 1000 50", (1000, 50)),
        ([1, 2], "M0 96L1000 4", (1000, 4)),
        ([1, None, 2, None], "M0 96h0M667 4h0", (667, 4)),
        ([1, 2, None, 2, 1], "M0 96L250 4M750 4L1000 96", (1000, 96)),
        ([-1.7e308, 0, 1.7e308], "M0 96L500 50 1000 4", (1000, 4)),
        ([0, 5e-324, 1e-323], "M0 96L500 50 1000 4", (1000, 4)),
        ([Decimal("0.5"), Decimal(1)], "M0 96L1000 4", (1000, 4)),
    ],
)
def test_the_line_breaks_at_gaps_and_never_at_numbers(values, line, last):
    """A value alone between two gaps is still to be seen."""
    drawing = sparkline_of(values)
    assert (drawing.line, drawing.last) == (line, last)


@pytest.mark.parametrize(("alert", "drawn"), [(20, True), (22, True), (22.01, False), (5, True), (-12, True), (-12.01, False)])
def test_a_threshold_that_would_flatten_the_line_is_left_out(alert, drawn):
    """At 2.2 times the range of the values the line still has its shape."""
    drawing = sparkline_of([0, 10], alert=alert)
    assert (drawing.alert is not None) == drawn
    assert (drawing.line == "M0 96L1000 4") == (not drawn or alert == 5)


def test_one_threshold_too_far_away_does_not_take_the_other_with_it():
    """Norm and alert are judged one by one."""
    drawing = sparkline_of([0, 10], norm=12, alert=120)
    assert (drawing.norm, drawing.alert) == (4, None)


@pytest.mark.parametrize(
    ("mean", "sd", "band"),
    [
        (5, 2.5, (27, 73)),
        (5, 100, (0, 100)),
        (5, 0, (50, 50)),
        (10, 5, (0, 50)),
        (50, 5, None),
        (-50, 5, None),
        (1e308, 1e308, (0, 96)),
        (None, 5, None),
        (5, None, None),
    ],
)
def test_the_band_is_clipped_to_the_box(mean, sd, band):
    """It informs: it never stretches the picture."""
    assert sparkline_of([0, 10], mean=mean, sd=sd).band == band


def test_values_of_the_meaning_before_are_a_line_of_their_own():
    """Two meanings are not to be read as one course."""
    drawing = sparkline_of([1, 2, 3, 4, 5], older=2, failed=[3])
    assert (drawing.older, drawing.line) == ("M0 96L250 73", "M500 50L750 27 1000 4")
    assert (drawing.cut, drawing.failed) == (375, (750,))


@pytest.mark.parametrize("values", [[1], [1, 2], [None]])
def test_a_new_meaning_without_a_value_is_cut_off_at_the_right_edge(values):
    """Nothing of it is to be seen yet."""
    drawing = sparkline_of(values, older=len(values))
    assert (drawing.line, drawing.cut) == ("", WIDTH)


def test_the_svg_draws_all_that_the_drawing_has():
    """Nothing of it is lost on the way."""
    drawing = sparkline_of([1, 2, None, 3, 4], older=1, failed=[2], norm=3, alert=4, mean=2, sd=1)
    text = svg(drawing, status="amber", width=200, height=40)
    assert f'd="{drawing.line}"' in text
    assert f'd="{drawing.older}"' in text
    assert text.count("<path") == 7
    assert text.count("<rect") == 1
    assert f'stroke="{COLOURS["amber"]}" stroke-width="6"' in text
    assert 'width="200" height="40"' in text


def test_the_examples_in_the_docstrings_hold():
    """They are read first."""
    assert doctest.testmod(picture).failed == 0
