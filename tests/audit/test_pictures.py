"""The pictures: the same bytes for the same figures, no word read as mathematics, any size of number."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from matplotlib.figure import Figure

from heartbeat_lib.audit import pictures
from heartbeat_lib.audit.evidence import Table
from heartbeat_lib.audit.pictures import Past, Road
from heartbeat_lib.model.figures import Figures
from tests.audit.findings import HOSTILE

BERLIN = ZoneInfo("Europe/Berlin")
FIGURES = Figures(by=1, decimals=1, unit="%")


def past(*values):
    """One day after the other."""
    first = datetime(2026, 10, 20, 22, tzinfo=UTC)
    return [
        Past(start=first + timedelta(days=at), value=None if value is None else Decimal(str(value)), status="amber")
        for at, value in enumerate(values)
    ]


def drawn(*values, figures=FIGURES, **lines):
    """The history with lines given as text."""
    return pictures.history(past(*values), figures=figures, zone=BERLIN, **{name: Decimal(line) for name, line in lines.items()})


def is_svg(picture):
    """A well-formed one without script and address."""
    root = ElementTree.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [element for element in root.iter() if element.tag.endswith(("script", "foreignObject", "image"))]
    addresses = [value for element in root.iter() for name, value in element.attrib.items() if name.endswith("href")]
    assert all(address.startswith("#") for address in addresses)
    return True


def test_the_same_figures_give_the_same_bytes():
    """Reports are compared and kept in git."""
    assert drawn(1, 2, None, 3, norm="2", mean="2", sd="1") == drawn(1, 2, None, 3, norm="2", mean="2", sd="1")


def test_no_picture_says_when_it_was_made():
    """Nor by which version."""
    assert b"<dc:date>" not in drawn(1, 2, 3)
    assert b"Matplotlib v" not in re.sub(rb"<!--.*?-->", b"", drawn(1, 2, 3))


@pytest.mark.parametrize("values", [(1,), (5, 5, 5), (None, 1, None), (1e-300, 2), ("1e299", "-1e299"), ("1e400", 3), (-7, 0)])
def test_any_values_are_drawn(values):
    """One, equal ones, gaps, tiny and huge ones; what no double holds is a gap."""
    assert is_svg(drawn(*values, norm="2", alert="3", target="1e400", mean="2", sd="0"))


def test_nothing_is_drawn_where_there_is_nothing():
    """An empty frame would look like a fault."""
    assert drawn() == b""
    assert drawn(None, None) == b""
    assert pictures.rebuild([], figures=FIGURES) == b""


@pytest.mark.parametrize("hostile", [*HOSTILE, r"$\frac{", "%$_{^"])
def test_what_people_wrote_is_drawn_as_it_is(hostile):
    """Units and names of roads: neither mathematics nor markup, and no failure."""
    assert is_svg(drawn(1, 2, figures=Figures(by=1, decimals=0, unit=hostile)))
    roads = [Road(name=hostile, ours=Decimal(1), theirs=Decimal(2))]
    assert is_svg(pictures.rebuild(roads, figures=Figures(by=1, decimals=0, unit=hostile)))


def test_a_line_far_away_does_not_flatten_the_history():
    """It leaves the picture as it is, but for the words that tell of it."""
    near, far = drawn(1, 2, 3, alert="4"), drawn(1, 2, 3, alert="4000")
    assert near != far
    assert far != drawn(1, 2, 3)


def test_roads_are_read_from_the_table_that_the_report_shows():
    """Lines without two numbers have nothing to draw."""
    rows = (("Hand count", "7", "7.5"), ("Cross-check", "–", "1"), ("Ours \u2212", "-3", "1200.5"))
    table = Table(title="Roads to the number", columns=("Road", "Ours", "Theirs"), rows=rows)
    other = Table(title="Rows behind it", columns=("id", "amount"), rows=(("1", "2"),))
    assert pictures.roads_of([other, table]) == [
        Road(name="Hand count", ours=Decimal(7), theirs=Decimal("7.5")),
        Road(name="Ours \u2212", ours=Decimal(-3), theirs=Decimal("1200.5")),
    ]


def test_ticks_are_told_apart():
    """A count of 1 or 2 has two ticks and not six of which most read the same."""
    figure = Figure()
    axis = figure.add_subplot().yaxis
    pictures._written(axis, 0.9, 2.1, Figures(by=1, decimals=0, unit="parcels"))
    assert list(axis.get_ticklocs()) == [1.0, 2.0]
