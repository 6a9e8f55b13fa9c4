"""Audits and their answers as the page shows them, and an answer or a count by hand on its way to the review's door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartbeat_lib import review
from heartbeat_lib.cockpit.decisions import Saved, patch_of, told
from heartbeat_lib.cockpit.shapes import AuditLine, CountLine, Refused, Waiting
from heartbeat_lib.model import words
from heartbeat_lib.model.figures import Figures, typed, typed_number
from heartbeat_lib.reading.rows import Row, fetch
from heartbeat_lib.store import load_sql
from heartbeat_lib.workbench import Workbench

_VERDICTS = {"holds": "the number holds", "doubtful": "doubtful", "fails": "fails"}


def audits_of(connection: psycopg.Connection[Any], row: Row) -> list[AuditLine]:
    """The audits of one metric, newest first; `row` is its row of `sql/wall.sql`."""
    found = fetch(connection, load_sql(__package__ or "", "audits"), metric_id=row["metric_id"])
    return [_audit_line(audit, row["definition_hash"]) for audit in found]


def counts_of(connection: psycopg.Connection[Any], row: Row, figures: Figures, zone: ZoneInfo) -> list[CountLine]:
    """The counts by hand that stand, newest period first."""
    found = fetch(connection, load_sql("heartbeat_lib.review", "hand_counts"), metric_id=row["metric_id"])
    return [
        CountLine(
            period=words.listed_period(count["period_start"], count["period"], zone),
            value=figures.followed(typed(count["value"])) if figures.by == 1 else typed(count["value"]),
            source=count["source"],
            who=count["actor"],
        )
        for count in reversed(found)
    ]


def read_waiting(connection: psycopg.Connection[Any], workbench: Workbench, now: datetime) -> list[Waiting]:
    """What waits for a person, oldest first.

    Raises
    ------
    StoreError
        The database does not answer.
    """
    return [
        Waiting(
            id=row["metric_id"],
            kind=row["reason"].value,
            why=row["why"],
            whom=row["whom"],
            since=row["since"].isoformat(),
            command=row["command"] or "",
        )
        for row in review.waiting(workbench, now, connection=connection)
    ]


def answer(
    connection: psycopg.Connection[Any], workbench: Workbench, message: Mapping[str, Any], *, actor: str, proved: bool
) -> Saved:
    """Carry an answer to an audit to the door: `id`, `version`, `outcome`, `why`, and for wrong thresholds `patch` by `Fields`.

    Raises
    ------
    StoreError
        The database cannot be reached, or somebody holds the registry for too long.
    """
    patch, refusals = patch_of(message.get("patch") or {})
    if refusals:
        return Saved(changed=False, refusals=refusals)
    reviewed = review.decide_review(
        workbench,
        str(message["id"]),
        str(message["outcome"]),
        why=str(message.get("why") or "").strip() or None,
        patch=patch or None,
        row_version=int(message["version"]),
        actor=actor,
        proved=proved,
        via="cockpit",
        connection=connection,
    )
    return Saved(changed=reviewed.review_id is not None, refusals=told(reviewed.refusals))


def count(
    connection: psycopg.Connection[Any],
    workbench: Workbench,
    message: Mapping[str, Any],
    *,
    actor: str,
    proved: bool,
    now: datetime,
) -> Saved:
    """Keep a count by hand: `id`, `period` (a day, or for hours an instant), `value`, `from`.

    Raises
    ------
    StoreError
        The database cannot be reached, or somebody holds the registry for too long.
    """
    try:
        value, period = typed_number(str(message["value"])), _period(str(message["period"]).strip(), workbench.workspace.zone)
        if value is None:
            raise ValueError("What was counted? Write the number plainly, such as 0.85 or 12000.")
    except ValueError as refused:
        return Saved(changed=False, refusals=[Refused(field="", kind="value", rule="form", message=str(refused))])
    counted = review.count_by_hand(
        workbench,
        str(message["id"]),
        period=period,
        value=value,
        source=str(message["from"]).strip(),
        actor=actor,
        proved=proved,
        via="cockpit",
        connection=connection,
        now=now,
    )
    return Saved(changed=counted.changed, refusals=told(counted.refusals))


def _audit_line(audit: Row, present_hash: str) -> AuditLine:
    said = f"{audit['actor']}: {audit['outcome'].replace('-', ' ')}. {audit['why']}" if audit["outcome"] else ""
    troubling = [layer for layer in audit["layers"] if layer["verdict"] in ("fails", "doubtful")]
    return AuditLine(
        on=words.day(audit["audit_date"], year=True),
        verdict=audit["verdict"],
        words=_VERDICTS[audit["verdict"]].capitalize(),
        why=" ".join(f"{layer['name'].capitalize()}: {layer['why']}" for layer in troubling[:2]),
        report=audit["report"],
        present=audit["definition_hash"] == present_hash,
        answer=said,
    )


def _period(text: str, zone: ZoneInfo) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"“{text}” is no period. Write its day, such as 2026-11-23; for hours also the time, 2026-11-23T09:00."
        ) from None
    return named if named.tzinfo else named.replace(tzinfo=zone)
