"""A person's answer to the newest audit of one metric: carried to the database's door, and what it led to brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import psycopg

from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.model.refusal import Refusal
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench


class Outcome(StrEnum):
    """The four answers, each with what it leads to."""

    AGREES = "agrees"
    """The metric is verified."""
    WRONG_NUMBER = "wrong-number"
    """It is unverified, keeps its owner, and waits to be fixed until a deploy changes its meaning."""
    WRONG_THRESHOLDS = "wrong-thresholds"
    """It gets the right thresholds and is verified."""
    NOT_WORTH_KEEPING = "not-worth-keeping"
    """It waits to be retired; nothing is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What became of an answer.

    `review_id` and `audit_id` (the audit that was answered) are None where it was refused; `changed` says whether the registry's
    row moved, `row_version` is the metric's as it stands now, None where it is not alive.
    """

    changed: bool
    row_version: int | None
    review_id: int | None
    audit_id: int | None
    refusals: tuple[Refusal, ...] = ()


def decide_review(
    workbench: Workbench,
    metric_id: str,
    outcome: str,
    *,
    why: str | None,
    patch: Mapping[str, Decimal | str | None] | None = None,
    row_version: int | None,
    actor: str,
    proved: bool,
    via: str,
    connection: psycopg.Connection[Any] | None = None,
) -> Reviewed:
    """Answer the newest audit of a metric's present meaning: the answer and what follows from it, or nothing.

    Parameters
    ----------
    outcome
        One of `Outcome`; another word is refused by the database, by name.
    why
        What convinced; the record keeps it.
    patch
        For wrong-thresholds alone: norm_value, alert_value (in the metric's unit) and threshold_basis.
    row_version
        The version that the person saw.
    proved
        Whether the door has proof that `actor` is who it says.
    via
        The door: cli, api, cockpit.
    connection
        An open one of somebody who may decide, in no transaction; None: one of its own.

    Raises
    ------
    StoreError
        The database cannot be reached, or somebody holds the registry for too long.
    """
    values = {
        "metric_id": metric_id,
        "outcome": outcome,
        "why": why,
        "patch": None if patch is None else json_text(dict(patch)),
        "row_version": row_version,
        "actor": actor,
        "proved": proved,
        "via": via,
        "owner_signs": workbench.workspace.settings.require_owner_signature,
    }
    with translated(f"Reviewing {metric_id}"), workbench.store.using(connection, Role.OPERATOR) as operator:
        ((answer,),) = operator.execute(load_sql(__package__ or "", "review_metric"), values).fetchall()
    row: dict[str, Any] | None = answer["row"]
    return Reviewed(
        changed=answer["changed"],
        row_version=row["row_version"] if row else None,
        review_id=answer["review_id"],
        audit_id=answer["audit_id"],
        refusals=tuple(Refusal(**refusal) for refusal in answer["refusals"]),
    )
