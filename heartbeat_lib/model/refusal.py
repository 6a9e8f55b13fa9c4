"""Why a door of the database refused what a person asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["unknown_metric", "stale", "state", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One fault. `kind`: unknown_metric, stale, state (how things stand) or value (a bad field); `rule` is a stable word."""

    kind: Kind
    field: str | None
    rule: str
    message: str
