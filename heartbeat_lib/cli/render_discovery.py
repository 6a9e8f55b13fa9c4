"""What `heartbeat discover` draws on a terminal: what is known, what the marts hold, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from heartbeat_lib.discovery.inventory import Inventory
from heartbeat_lib.discovery.parking import Open
from heartbeat_lib.discovery.probe import SHAPES, Catalogue, State, newest_words

_STYLES = {State.POPULATED: "", State.THIN: "bright_black", State.STALE: "yellow", State.DEAD: "bold"}


def known_table(known: Inventory) -> Table:
    """Metrics, retired ids and candidates, the nearest first; why below the name's line."""
    table = _table("id", "what it is", "status", "why it is listed")
    for one in known:
        trust = f"{one.state}, {one.owner or 'nobody'}" if one.kind == "living" else one.state
        what = f"{one.name}\n{'candidate, ' if one.kind == 'candidate' else ''}{trust}"
        table.add_row(Text(one.metric_id, style="bold"), Text(what), Text(one.status or ""), Text(one.reason))
    return table


def catalogue_table(catalogue: Catalogue) -> Table:
    """Every table with its state and why."""
    table = _table("table", "rows", "state", "newest", "why")
    table.columns[1].justify = "right"
    for row in catalogue:
        count = "view" if row.rows is None else f"{row.rows:,}"
        state = Text(f"{SHAPES[row.state]} {row.state}", style=_STYLES[row.state])
        table.add_row(Text(row.table), count, state, newest_words(row.newest), Text(row.why))
    return table


def candidate_table(candidates: Sequence[Open], zone: ZoneInfo) -> Table:
    """Open candidates, those whose data has landed first."""
    table = _table("candidate", "stage", "changed", "what it waits for")
    for one in candidates:
        kept = one.candidate
        name = f"{kept.candidate_id}\n{kept.story.name}" if kept.story else kept.candidate_id
        table.add_row(Text(name), kept.stage, f"{kept.changed_at.astimezone(zone):%Y-%m-%d %H:%M}", Text(one.landing.words()))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=not heading.startswith(("why", "what")), overflow="fold")
    return table
