"""What waits for a person, for whom and why; and what audits found last.

Quiet metrics that nobody owns, verified or was asked about are not in it: a list that holds everything is read by nobody.
"""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

Row = dict[str, Any]


class Reason(StrEnum):
    """Why something waits; where several hold, the first one is told."""

    TO_RETIRE = "to_retire"
    """The last answer was not-worth-keeping; it waits for whoever keeps the file."""
    TO_FIX = "to_fix"
    """The last answer was wrong-number; it waits for whoever keeps the file."""
    RED_UNOWNED = "red_unowned"
    """It waits for somebody who stands behind it."""
    MEANING_CHANGED = "meaning_changed"
    """A deploy changed what was verified or answered; it waits for the owner."""
    AFTER_RED = "after_red"
    """It was red, and its owner has not said whether the number can be believed."""
    AUDIT_OLD = "audit_old"
    """Its newest audit is older than `[audit] max_age`; it waits for the owner."""


def waiting(workbench: Workbench, now: datetime, *, connection: psycopg.Connection[Any] | None = None) -> list[Row]:
    """What waits, oldest first, at most one row per living metric.

    Parameters
    ----------
    now
        Aware: what audits' ages are counted from.
    connection
        An open one, of anybody who may read; None: one of its own.

    Returns
    -------
    list of dict
        metric_id, code, name, owner (None: nobody), whom (for whom it waits, in words), reason (a `Reason`), why (a sentence),
        since (aware), audit_date, verdict and report (a path relative to the workspace) of the audit it is about, None where
        there is none, command (what retires it, None for other reasons), verification_state, status, row_version.

    Raises
    ------
    StoreError
        The database cannot be reached.
    """
    max_age = workbench.workspace.settings.audit.max_age
    return [_told(row, workbench, max_age) for row in _select(workbench, connection, "waiting", max_age=max_age, now=now)]


def latest_audits(workbench: Workbench, metric_id: str | None = None) -> list[Row]:
    """The newest audit of every living metric that has one, or of one metric; by id.

    Returns
    -------
    list of dict
        metric_id, audit_id, audit_date, at, as_of (aware), auditor, verdict (holds, doubtful, fails), layers (name, verdict,
        why), report and notebook (paths relative to the workspace), present_meaning: False where a deploy changed it since.

    Raises
    ------
    StoreError
        The database cannot be reached.
    """
    return _select(workbench, None, "latest_audits", metric_id=metric_id)


def _told(row: Row, workbench: Workbench, max_age: timedelta | None) -> Row:
    reason = Reason(row["reason"])
    outcome, said, by = row.pop("outcome"), row.pop("answered_why"), row.pop("answered_by")
    whom = row["owner"] or "whoever names an owner"
    command = None
    match reason:
        case Reason.TO_RETIRE:
            file = workbench.workspace.relative(workbench.workspace.metrics / f"{row['metric_id']}.sql")
            # One metric is more than a third of a small workspace; where it is not, the number does no harm.
            command = f"git rm {shlex.quote(file)} && heartbeat deploy --allow-retirements 1"
            whom, why = "whoever keeps its file", f"{by} said that it is not worth keeping: {said}"
        case Reason.TO_FIX:
            whom, why = "whoever keeps its file", f"{by} said that the number is wrong: {said}"
        case Reason.RED_UNOWNED:
            why = "It is red, and nobody owns it."
        case Reason.MEANING_CHANGED if outcome == "wrong-number":
            why = f"{by} said that the number was wrong, and a deploy has changed it since: {said}"
        case Reason.MEANING_CHANGED:
            why = "A deploy has changed what the number means since somebody looked at it."
        case Reason.AFTER_RED:
            why = "It was red, and its owner has not said whether the number can be believed."
        case Reason.AUDIT_OLD:
            why = f"Its last audit is of {row['audit_date']}, and here audits are good for {_days(max_age)}."
    return {**row, "reason": reason, "whom": whom, "why": why, "command": command}


def _days(span: timedelta | None) -> str:
    hours = 0 if span is None else span // timedelta(hours=1)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def _select(workbench: Workbench, connection: psycopg.Connection[Any] | None, name: str, **values: Any) -> list[Row]:
    with (
        translated("Reading audits and reviews"),
        workbench.store.using(connection, Role.READER) as reader,
        reader.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(load_sql(__package__ or "", name), values).fetchall()
