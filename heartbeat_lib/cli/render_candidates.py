"""Candidates as the terminal shows them: all in a table, one as a sheet. Colour is never the only signal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from heartbeat_lib.discovery.candidate import Candidate, CandidateStage
from heartbeat_lib.model.display import number, sparkline
from heartbeat_lib.model.verdict import SIGNS, Verdict

_LAST = {CandidateStage.PROMOTED: 1, CandidateStage.DROPPED: 2}
_STORY = {
    "name": "name",
    "period": "period",
    "job": "job",
    "red_means": "red means",
    "amount": "amount",
    "amount_basis": "amount's basis",
    "who_acts": "who acts",
    "threshold_source": "thresholds from",
}


def open_ones_first(found: Sequence[Candidate]) -> list[Candidate]:
    """In the order given, those that became a file or were dropped last."""
    return sorted(found, key=lambda one: _LAST.get(one.stage, 0))


def candidate_table(found: Sequence[Candidate], zone: ZoneInfo) -> Table:
    """One row per candidate, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("candidate", "stage", "changed", "by", "name or topic", "next"):
        table.add_column(heading, no_wrap=heading not in ("name or topic", "next"), overflow="fold")
    for one in found:
        style = "bright_black" if one.stage in _LAST else ""
        what = one.story.name if one.story is not None else one.topic or ""
        after = one.dropped_why if one.stage is CandidateStage.DROPPED else one.next_step
        cells = (one.candidate_id, one.stage, _instant(one.changed_at, zone), one.changed_by, what, after or "")
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return table


def candidate_sheet(one: Candidate, zone: ZoneInfo) -> Table:
    """Everything about one candidate, a line per fact."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    for label, words in _facts(one, zone):
        if words:
            table.add_row(label, Text(words))
    return table


def _facts(one: Candidate, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "candidate", one.candidate_id
    yield "stage", one.stage
    yield "topic", one.topic or ""
    yield "opened", f"{_instant(one.opened_at, zone)} by {one.opened_by}"
    yield "changed", f"{_instant(one.changed_at, zone)} by {one.changed_by}"
    if one.story is not None:
        for name, label in _STORY.items():
            yield label, getattr(one.story, name)
    if one.alignment is not None:
        yield "agreed", f"{_instant(one.alignment.at, zone)} by {one.alignment.agreed_by}: {one.alignment.remark}"
    yield "columns", "\n".join(f"{column}: {meaning}" for column, meaning in sorted(one.column_meanings.items()))
    yield "why this source", one.source_note or ""
    yield "waits for", ", ".join(one.waits_for)
    yield "file", one.promoted_file or ""
    yield "dropped", "" if one.dropped_at is None else f"{_instant(one.dropped_at, zone)}: {one.dropped_why or 'nobody said why'}"
    if one.present_draft is not None:
        yield from _draft(one.present_draft, zone)
    elif one.draft is not None:
        yield "draft", "made for an earlier story; it counts for nothing until this one is agreed and drafted anew"


def _draft(draft: Mapping[str, Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "value", number(draft.get("value"))
    if draft.get("as_of"):
        yield "as of", _instant(datetime.fromisoformat(str(draft["as_of"])), zone)
    yield "tables", ", ".join(draft.get("tables") or ())
    yield "last 30 periods", sparkline([period["value"] for period in (draft.get("past") or ())[-30:]])
    yield "code", draft.get("code") or ""
    for check in draft.get("checks") or ():
        sign = SIGNS[Verdict(check["verdict"])]
        yield check["name"], f"{sign} {check['verdict']}: {check['evidence']}"
    for found in draft.get("duplicates") or ():
        yield f"like {found['metric_id']}", found["reason"]
    yield "sql", dedent(str(draft.get("value_sql") or "")).strip("\n")


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
