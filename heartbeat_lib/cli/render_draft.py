"""What `heartbeat candidate draft` draws on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from heartbeat_lib.discovery.draft_html import past_words
from heartbeat_lib.model.display import number, sparkline
from heartbeat_lib.model.verdict import SIGNS, Verdict
from heartbeat_lib.model.words import day, time

if TYPE_CHECKING:
    from heartbeat_lib.discovery.draft import Draft

_STYLES = {Verdict.HOLDS: "green", Verdict.DOUBTFUL: "yellow", Verdict.FAILS: "red", Verdict.NOT_EXAMINED: "dim"}
_WIDE, _INDENT = 100, 4


def draft_lines(made: Draft) -> Iterator[Text]:
    """Value and when, tables, the past, likenesses, and each check with its evidence below."""
    local, took = made.as_of.astimezone(made.zone), number(round(made.elapsed_ms, 1))
    yield Text.assemble((made.code, "bold"), f" {made.candidate_id}  ", (number(made.value), "bold"))
    yield Text(f"as of {day(local, year=True)} {time(local)}, {took} ms; reads {', '.join(made.tables)}")
    picture = sparkline([None if one.value is None else float(one.value) for one in made.past]).rstrip()
    yield from (Text(line) for line in (picture, past_words(made.json(), made.zone)) if line)
    for found in made.duplicates:
        yield Text.assemble("like ", (found.metric_id, "bold"), f": {found.reason}")
    for check in made.checks:
        yield Text.assemble((f"{SIGNS[check.verdict]} {check.verdict}", _STYLES[check.verdict]), f"  {check.name}")
        yield from (Text(" " * _INDENT + line) for line in wrap(check.evidence, _WIDE))
