"""The pictures of a report: the history with what is normal and with its thresholds, and ours beside the other roads.

SVG, the same bytes for the same figures. They lie on white paper whatever the page is, in the cockpit's colours and shapes; no
word of a metric is read as mathematics. Values beyond what a double holds are gaps.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import isfinite, nan
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from heartbeat_lib.audit.evidence import Table
from heartbeat_lib.model.figures import Figures, typed_number
from heartbeat_lib.model.markdown import one_line

if TYPE_CHECKING:
    from decimal import Decimal

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_INK, _FAINT, _LINE = "#14181d", "#4a525c", "#dfe3e8"
_COLOURS = {"red": "#c4162a", "amber": "#a86400", "grey": "#6c7580", "green": "#2c7a50"}
_SHAPES = {"red": "D", "amber": "^", "grey": "o", "green": "o"}
_STRETCH = 2.2
"""A line that would stretch the values' range further than this is told in words: it would flatten the picture."""
_MOST = 1e300
_LONGEST = 40
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "heartbeat",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "path",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One kept period: its start (aware), value (None: none), status and whether it was computed by the present meaning."""

    start: datetime
    value: Decimal | None
    status: str
    same_meaning: bool = True


def history(
    past: Sequence[Past],
    *,
    figures: Figures,
    zone: ZoneInfo,
    norm: Decimal | None = None,
    alert: Decimal | None = None,
    target: Decimal | None = None,
    mean: Decimal | None = None,
    sd: Decimal | None = None,
) -> bytes:
    """An SVG of the kept periods, oldest first; empty bytes where none has a value.

    Parameters
    ----------
    norm, alert, target, mean, sd
        In the metric's unit; None: there is none.
    """
    values = [_drawn(one.value) for one in past]
    known = [value for value in values if isfinite(value)]
    if not known:
        return b""
    with _styled():
        figure, axes = _paper(7.6, 3.0)
        days = [one.start.astimezone(zone).replace(tzinfo=None) for one in past]
        low, high = min(known), max(known)
        outside: list[str] = []
        lines = (
            ("red from", alert, _COLOURS["red"], "-"),
            ("amber from", norm, _COLOURS["amber"], "--"),
            ("target", target, _INK, ":"),
        )
        for name, line, colour, dash in lines:
            at = _drawn(line)
            if not isfinite(at):
                continue
            words = f"{name} {figures.text(line)}"
            if high > low and max(high, at) - min(low, at) > _STRETCH * (max(known) - min(known)):
                outside.append(words)
                continue
            low, high = min(low, at), max(high, at)
            axes.axhline(at, color=colour, linestyle=dash, linewidth=1)
            axes.annotate(
                words, (1, at), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", color=colour, va="center"
            )
        if mean is not None and sd is not None and isfinite(_drawn(mean)) and isfinite(_drawn(sd)):
            axes.axhspan(_drawn(mean - sd), _drawn(mean + sd), color=_INK, alpha=0.08, linewidth=0)
        older = [nan if one.same_meaning else value for one, value in zip(past, values, strict=True)]
        present = [value if one.same_meaning else nan for one, value in zip(past, values, strict=True)]
        axes.plot(days, older, color=_FAINT, alpha=0.5, linewidth=1)  # pyright: ignore[reportArgumentType]
        axes.plot(days, present, color=_INK, linewidth=1.2)  # pyright: ignore[reportArgumentType]
        for status, shape in _SHAPES.items():
            found = [at for at, one in enumerate(past) if one.status == status and isfinite(values[at])]
            axes.scatter(
                [days[at] for at in found],  # pyright: ignore[reportArgumentType]
                [values[at] for at in found],
                26 if status in ("red", "amber") else 12,
                marker=shape,
                facecolors="none" if status == "grey" else _COLOURS[status],
                edgecolors=_COLOURS[status],
                zorder=3,
                linewidths=1,
            )
        air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        axes.set_ylim(low - air, high + air)
        _written(axes.yaxis, low - air, high + air, figures)
        _dates(axes)
        if outside:
            axes.set_title(f"outside the picture: {', '.join(outside)}", loc="left", fontsize=8, color=_FAINT)
        axes.set_ylabel(one_line(figures.unit), color=_FAINT)
        return _svg(figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One other road to the number: what it gave and what we say of the same instant, in the metric's unit.

    `name` may have a second line: the instant.
    """

    name: str
    ours: Decimal
    theirs: Decimal


def roads_of(tables: Sequence[Table]) -> list[Road]:
    """The lines of tables that have the columns Ours and Theirs; a line without two numbers is left out."""
    found: list[Road] = []
    for table in tables:
        if {"Ours", "Theirs"} <= set(table.columns):
            ours, theirs = table.columns.index("Ours"), table.columns.index("Theirs")
            for row in table.rows:
                with suppress(ValueError):
                    left, right = typed_number(row[ours]), typed_number(row[theirs])
                    if left is not None and right is not None:
                        at = f"\n{row[table.columns.index('As of')]}" if "As of" in table.columns else ""
                        found.append(Road(name=f"{row[0]}{at}", ours=left, theirs=right))
    return found


def rebuild(roads: Sequence[Road], *, figures: Figures) -> bytes:
    """An SVG of ours (a dot) beside each other road (a diamond); empty bytes where there is none."""
    drawn = [(road, _drawn(road.ours), _drawn(road.theirs)) for road in roads]
    drawn = [(road, ours, theirs) for road, ours, theirs in drawn if isfinite(ours) and isfinite(theirs)]
    if not drawn:
        return b""
    with _styled():
        figure, axes = _paper(7.6, 1.1 + 0.5 * len(drawn))
        values = [value for _, ours, theirs in drawn for value in (ours, theirs)]
        for place, (road, ours, theirs) in enumerate(drawn):
            axes.plot([ours, theirs], [-place, -place], color=_LINE, linewidth=3, zorder=1)
            axes.scatter([theirs], [-place], 60, marker="D", c=_FAINT, zorder=2, label="theirs" if not place else None)
            axes.scatter(
                [ours], [-place], 22, marker="o", c="white", edgecolors=_INK, zorder=3, label="ours" if not place else None
            )
            words = figures.text(road.theirs)
            if road.ours != road.theirs:
                words = f"theirs {words}, ours {figures.text(road.ours)}"
            axes.annotate(words, (theirs, -place), (0, 8), textcoords="offset points", ha="center", color=_INK, fontsize=8)
        axes.set_yticks([-place for place in range(len(drawn))], [_short(road.name) for road, *_ in drawn])
        axes.set_ylim(-len(drawn) + 0.4, 0.9)
        low, high = min(values), max(values)
        air = (high - low) * 0.25 or abs(high) * 0.1 or 1.0
        axes.set_xlim(low - air, high + air)
        _written(axes.xaxis, low - air, high + air, figures)
        axes.set_xlabel(one_line(figures.unit), color=_FAINT)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
        return _svg(figure)


def _short(name: str) -> str:
    """A road's name and below it, after the first line break, its instant."""
    lines = [one_line(line) for line in name.split("\n", 1)]
    return "\n".join(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in lines)


def _drawn(value: Decimal | None) -> float:
    number = nan if value is None or abs(value) >= _MOST else float(value)
    return number if isfinite(number) else nan


def _styled():
    import matplotlib

    return matplotlib.rc_context(_STYLE)


def _paper(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_LINE)
    axes.tick_params(colors=_FAINT, length=3)
    axes.margins(x=0.02)
    return figure, axes


def _written(axis: Axis, low: float, high: float, figures: Figures) -> None:
    """Ticks as the metric's values are written, at numbers which that writing tells apart."""
    from matplotlib.ticker import MaxNLocator

    step = figures.by * 10.0**-figures.decimals
    ticks = [float(at) for at in MaxNLocator(6).tick_values(low, high) if low <= at <= high]
    told = [at for at in ticks if abs(at / step - round(at / step)) < 1e-6]
    axis.set_ticks(told or ticks)
    axis.set_major_formatter(lambda at, _: figures.text(float(at)))


def _dates(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=6))
    axes.xaxis.set_major_formatter(DateFormatter("%d %b %Y"))


def _svg(figure: Figure) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()
