"""What an audit says: points of evidence, gathered in layers, and one verdict over them.

A verdict is only ever as good as its worst examined part. The surprise: not examined is no middle ground between holding and
failing; it says nothing, and whoever reads it must not take it for a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element, joined
from heartbeat_lib.model.verdict import SIGNS, Verdict

HEADLINES = {
    Verdict.HOLDS: "the number holds",
    Verdict.DOUBTFUL: "a person has to look",
    Verdict.FAILS: "something is wrong",
}
"""What the verdict over all layers means for a number."""
_WORST_FIRST = (Verdict.FAILS, Verdict.DOUBTFUL, Verdict.HOLDS)


class LayerName(StrEnum):
    """The five layers, in the order of the report."""

    METHODOLOGY = "methodology"
    SOURCE = "source"
    REBUILD = "rebuild"
    HISTORY = "history"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was looked at.

    `what` names it in a few words ("Time window"); `found` is a sentence for somebody who knows no SQL. Both are plain text.
    """

    verdict: Verdict
    what: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures behind the points: plain texts, a row per line; `note` says what was left out, or is empty."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one layer found. `why` is the one sentence of the summary; `broken`: it was not examined because something failed.

    A notebook shows it as a verdict with its points and tables; whatever their texts hold is text there.
    """

    name: LayerName
    verdict: Verdict
    why: str
    points: tuple[Point, ...] = ()
    tables: tuple[Table, ...] = ()
    broken: bool = False

    def _repr_html_(self) -> str:
        points = [element("li", element("b", f"{one.what}: {one.verdict}."), f" {one.found}") for one in self.points]
        shown = element("p", element("b", f"{SIGNS[self.verdict]} {self.verdict.capitalize()}."), f" {self.why}")
        listed = element("ul", *points) if points else Markup()
        return element("div", shown, listed, *(_shown(table) for table in self.tables), style="color:inherit;line-height:1.5")

    def __repr__(self) -> str:
        return "\n".join([f"{self.verdict}: {self.why}", *(f"- {one.what}: {one.verdict}. {one.found}" for one in self.points)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All five layers, in order, and the whole."""

    layers: tuple[Layer, ...] = field(default_factory=tuple)

    @property
    def verdict(self) -> Verdict:
        """Holds, doubtful or fails: the worst layer; without every layer examined it is doubtful at best."""
        verdicts = {layer.verdict for layer in self.layers}
        if Verdict.FAILS in verdicts:
            return Verdict.FAILS
        complete = {layer.name for layer in self.layers} == set(LayerName)
        return Verdict.HOLDS if complete and verdicts == {Verdict.HOLDS} else Verdict.DOUBTFUL

    @property
    def broken(self) -> bool:
        """Something could not be examined because it failed."""
        return any(layer.broken for layer in self.layers)


def layer_of(name: LayerName, points: Sequence[Point], *, nothing: str, held: str = "", tables: Iterable[Table] = ()) -> Layer:
    """A layer whose verdict is that of its worst examined point.

    Parameters
    ----------
    nothing
        Why nothing was examined, as a sentence; said where no point was.
    held
        What the layer found in one telling sentence, said where it holds; empty: what its first point that holds says.
    """
    for verdict in _WORST_FIRST:
        deciding = [point for point in points if point.verdict is verdict]
        if deciding:
            why = " ".join(point.found for point in deciding[:2]) if verdict is not Verdict.HOLDS else held or deciding[0].found
            return Layer(name=name, verdict=verdict, why=why, points=tuple(points), tables=tuple(tables))
    return Layer(name=name, verdict=Verdict.NOT_EXAMINED, why=nothing, points=tuple(points), tables=tuple(tables))


def broken_layer(name: LayerName, error: str) -> Layer:
    """A layer that could not be looked at because something failed; `error` is what the engine or the file said."""
    return Layer(name=name, verdict=Verdict.NOT_EXAMINED, why=f"It could not be examined: {error}", broken=True)


def _shown(table: Table) -> Markup:
    head = element("tr", *(element("th", name, style="text-align:left") for name in table.columns))
    rows = [element("tr", *(element("td", cell, style="text-align:left") for cell in row)) for row in table.rows]
    body = element("table", element("thead", head), element("tbody", *rows), style=TABLE)
    note = element("p", table.note, style=FAINT) if table.note else Markup()
    return joined(element("p", element("b", table.title)), body, note)
