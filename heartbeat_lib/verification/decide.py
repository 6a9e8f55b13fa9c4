"""A person's decision about one metric: carried to the database's door, and its answer brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.model.refusal import Refusal
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

Value = str | int | float | Decimal | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a patch. `row_version` is the metric's as it stands now, None where it is not alive."""

    changed: bool
    row_version: int | None
    refusals: tuple[Refusal, ...] = ()


def decide(
    workbench: Workbench,
    metric_id: str,
    patch: Mapping[str, Value],
    *,
    row_version: int | None,
    actor: str,
    proved: bool,
    via: str,
    reason: str | None,
    connection: psycopg.Connection[Any] | None = None,
) -> Decision:
    """Change what people own of one metric: all of `patch`, or nothing.

    Parameters
    ----------
    patch
        Any of owner, norm_value, alert_value, threshold_basis, target_value, target_due_date, verification_state; None clears.
        Unknown fields are refused by the database, by name.
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
        "patch": json_text(dict(patch)),
        "row_version": row_version,
        "actor": actor,
        "proved": proved,
        "via": via,
        "reason": reason,
        "owner_signs": workbench.workspace.settings.require_owner_signature,
    }
    with translated(f"Changing {metric_id}"), workbench.store.using(connection, Role.OPERATOR) as operator:
        ((answer,),) = operator.execute(load_sql(__package__ or "", "patch_verification"), values).fetchall()
    row: dict[str, Any] | None = answer["row"]
    return Decision(
        changed=answer["changed"],
        row_version=row["row_version"] if row else None,
        refusals=tuple(Refusal(**refusal) for refusal in answer["refusals"]),
    )
