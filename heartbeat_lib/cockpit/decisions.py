"""What a person typed becomes a patch for the database's door, and its refusals come back by the names of the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from heartbeat_lib.cockpit.shapes import Refused
from heartbeat_lib.model.figures import typed_number
from heartbeat_lib.model.refusal import Refusal
from heartbeat_lib.verification import decide
from heartbeat_lib.workbench import Workbench

_COLUMNS = {
    "owner": "owner",
    "norm": "norm_value",
    "alert": "alert_value",
    "basis": "threshold_basis",
    "target": "target_value",
    "due": "target_due_date",
    "trust": "verification_state",
}
_FIELDS = {column: field for field, column in _COLUMNS.items()}
_NUMBERS = ("norm", "alert", "target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of it: `changed`, or why not."""

    changed: bool
    refusals: list[Refused]


def save(
    connection: psycopg.Connection[Any], workbench: Workbench, message: Mapping[str, Any], *, actor: str, proved: bool
) -> Saved:
    """Carry one save of the page to the door: all of it, or nothing.

    Parameters
    ----------
    message
        `id`; `version`, the row_version that the person saw; `patch`, texts by the names of `Fields` and `trust`, an empty text
        clears; `why`, the reason, or empty.

    Raises
    ------
    StoreError
        The database cannot be reached, or somebody holds the registry for too long.
    """
    patch, refusals = patch_of(message["patch"])
    if refusals:
        return Saved(changed=False, refusals=refusals)
    decision = decide(
        workbench,
        str(message["id"]),
        patch,
        row_version=int(message["version"]),
        actor=actor,
        proved=proved,
        via="cockpit",
        connection=connection,
        reason=str(message.get("why") or "").strip() or None,
    )
    return Saved(changed=decision.changed, refusals=told(decision.refusals))


def patch_of(texts: Mapping[str, Any]) -> tuple[dict[str, Any], list[Refused]]:
    """What was typed, by the names of the registry's columns; and what is no number where one is wanted."""
    patch: dict[str, Any] = {}
    refusals: list[Refused] = []
    for field, text in texts.items():
        try:
            patch[_COLUMNS.get(field, field)] = typed_number(str(text)) if field in _NUMBERS else str(text).strip() or None
        except ValueError as refused:
            refusals.append(Refused(field=field, kind="value", rule="number", message=str(refused)))
    return patch, refusals


def told(refusals: Iterable[Refusal]) -> list[Refused]:
    """The door's refusals by the names of the page's fields."""
    return [
        Refused(field=_FIELDS.get(one.field or "", ""), kind=one.kind, rule=one.rule, message=one.message) for one in refusals
    ]
