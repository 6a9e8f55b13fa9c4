"""Audits as the terminal shows them: one by its layers, several as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from heartbeat_lib.audit.evidence import HEADLINES, LayerName
from heartbeat_lib.model.verdict import Verdict

if TYPE_CHECKING:
    from heartbeat_lib.audit.chosen import Written

_STYLES = {Verdict.HOLDS: "green", Verdict.DOUBTFUL: "yellow", Verdict.FAILS: "bold red", Verdict.NOT_EXAMINED: "bright_black"}


def audit_lines(found: Written) -> Iterator[Text]:
    """The verdict in words, each layer with its reason, and where the report lies."""
    yield Text.assemble(f"{found.metric_id}: ", (HEADLINES[found.verdict], _STYLES[found.verdict]))
    for layer in found.layers:
        yield Text.assemble("  ", f"{layer.name:<12}", (f"{layer.verdict:<14}", _STYLES[layer.verdict]), layer.why)
    yield Text(f"report    {found.report}")
    if found.notebook:
        yield Text(f"notebook  {found.notebook}")
    yield Text(f"Whoever stands behind the number answers: heartbeat review {found.metric_id} --outcome ...")


def audit_table(done: Sequence[Written]) -> Table:
    """One row per metric, in the order of the audits: the verdict, those of its layers, the report."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("metric", "verdict", *LayerName, "report"):
        table.add_column(heading, no_wrap=heading != "report", overflow="fold")
    for found in done:
        verdicts = {layer.name: layer.verdict for layer in found.layers}
        cells = (Text(verdicts[name], style=_STYLES[verdicts[name]]) if name in verdicts else Text("") for name in LayerName)
        table.add_row(Text(found.metric_id), Text(found.verdict, style=_STYLES[found.verdict]), *cells, Text(found.report))
    return table
