"""The registry's log of one metric in words: who changed what, through which door, from what to what, and why.

Entries are rows of `heartbeat_lib.reading`'s changes.sql, newest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from heartbeat_lib.cockpit.shapes import Change, ChangeLine
from heartbeat_lib.model.figures import Figures
from heartbeat_lib.reading.rows import Row

HASH = 7
"""Characters of a meaning's hash that people see."""

_NUMBERS = {"norm_value": "norm", "alert_value": "alert", "target_value": "target"}
_PLAIN = {"threshold_basis": "where it comes from", "target_due_date": "due", "verification_state": "state"}
_PEOPLES = {"thresholds_by_people": "thresholds set by", "target_by_people": "target set by"}
_TEXTS = {"value_sql": "SQL", "cross_check_sql": "cross-check", "description": "description", "how_to_read": "how to read",
          "methodology": "methodology", "notes": "notes"}  # fmt: skip
"""Told only as rewritten: they are read where they stand."""
_UNTOLD = frozenset({"created_at", "dialect"})
_DOORS = {"cli": "command line", "api": "API"}
_ON_ARRIVAL = ("norm_value", "alert_value", "threshold_basis", "target_value", "target_due_date", "definition_hash")


def told(rows: Sequence[Row], figures: Figures) -> list[Change]:
    """Every entry, in the order given; numbers with every digit and the metric's present unit."""
    return [
        Change(
            at=row["at"].isoformat(),
            who="deploy" if row["via"] == "deploy" else row["actor"],
            how=_how(row),
            lines=list(_lines(row, figures)),
            why=row["reason"] or "",
        )
        for row in rows
    ]


def meaning_since(rows: Sequence[Row]) -> datetime | None:
    """When the present meaning came."""
    return next((row["at"] for row in rows if new_meaning(row)), None)


def verified(rows: Sequence[Row]) -> Row | None:
    """The entry that verified the metric the last time."""
    return next((row for row in rows if _became(row, "verified")), None)


def unverified(rows: Sequence[Row]) -> Row | None:
    """The entry that took the last signature off."""
    return next((row for row in rows if _became(row, "unverified")), None)


def new_meaning(row: Row) -> str | None:
    """The hash of the meaning that this entry brought, None where it brought none."""
    after = (row["after"] or {}).get("definition_hash")
    return after if after != (row["before"] or {}).get("definition_hash") else None


def _became(row: Row, state: str) -> bool:
    before, after = row["before"], row["after"]
    return bool(before and after and before["verification_state"] != state == after["verification_state"])


def _how(row: Row) -> str:
    if row["via"] == "deploy":
        commit = f", commit {row['commit_id'][:HASH]}" if row["commit_id"] else ""
        return f"by {row['actor']}{commit}{' and what was not committed' if commit and row['uncommitted'] else ''}"
    proof = {True: ", proved", False: ", self-declared", None: ""}[row["actor_proved"]]
    return f"{_DOORS.get(row['via'], row['via'])}{proof}"


def _lines(row: Row, figures: Figures) -> Iterator[ChangeLine]:
    if row["action"] == "delete":
        yield ChangeLine(what="metric", before="alive", after="retired")
        return
    before, after = row["before"] or {}, row["after"]
    if row["action"] == "insert":
        yield ChangeLine(what="metric", before="", after="registered")
        names = [name for name in _ON_ARRIVAL if after[name] is not None]
    else:
        names = [name for name in row["fields"] if name not in _UNTOLD]
    for name in sorted(names, key=_rank):
        yield _line(name, before.get(name), after[name], figures)


def _rank(name: str) -> int:
    order = ("owner", "verification_state", *_NUMBERS, *_PLAIN, "definition_hash")
    return order.index(name) if name in order else len(order)


def _line(name: str, before: Any, after: Any, figures: Figures) -> ChangeLine:
    if name == "owner":
        return ChangeLine(what="owner", before=before or "nobody", after=after or "nobody")
    if name in _NUMBERS:
        old, new = (None if side is None else Decimal(side) for side in (before, after))
        return ChangeLine(what=_NUMBERS[name], before=figures.exact(old), after=figures.exact(new) or "none")
    if name == "definition_hash":
        return ChangeLine(what="meaning", before=(before or "")[:HASH], after=after[:HASH])
    if name in _PEOPLES:
        return ChangeLine(what=_PEOPLES[name], before="the file" if after else "people", after="people" if after else "the file")
    if name in _TEXTS:
        return ChangeLine(
            what=_TEXTS[name], before="", after="removed" if after is None else "written" if before is None else "rewritten"
        )
    return ChangeLine(what=_PLAIN.get(name, name.replace("_", " ")), before=_plain(before), after=_plain(after) or "none")


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).replace("_is_worse", " is worse")
