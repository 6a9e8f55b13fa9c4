"""What `heartbeat reviews` draws on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from heartbeat_lib.review import Reason, Row

_WORDS = {
    Reason.TO_RETIRE: "to retire",
    Reason.TO_FIX: "to fix",
    Reason.RED_UNOWNED: "red, nobody owns it",
    Reason.MEANING_CHANGED: "meaning changed",
    Reason.AFTER_RED: "was red, unverified",
    Reason.AUDIT_OLD: "audit is old",
}


def waiting_table(rows: Sequence[Row], zone: ZoneInfo) -> Table:
    """What waits, oldest first; below each reason the report or the command that goes with it."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("since", "metric", "waits for", "what", "why"):
        table.add_column(heading, no_wrap=heading != "why", overflow="fold")
    for row in rows:
        table.add_row(
            f"{row['since'].astimezone(zone):%Y-%m-%d %H:%M}",
            Text(row["metric_id"]),
            Text(row["whom"]),
            _WORDS[row["reason"]],
            Text("\n".join(filter(None, (row["why"], row["report"], row["command"])))),
        )
    return table
