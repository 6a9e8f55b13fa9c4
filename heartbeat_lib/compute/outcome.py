"""One computation and what came of it, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import psycopg

from heartbeat_lib.store import load_sql

Origin = Literal["tick", "backfill", "manual"]
_AT_ONCE = 5000
"""Outcomes per statement: a parameter of PostgreSQL holds some hundred megabytes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one metric said of one period, as of one instant; or why it said nothing.

    `value` is None both where the query gave NULL ("no value") and where it failed; then `error_reason` is a stable word,
    `error` the sentence, and `error_line` its 1-based line in value_sql where the engine tells. Instants are aware.
    `settled`: `as_of` is the period's last microsecond.
    """

    metric_id: str
    period: str
    period_start: datetime
    as_of: datetime
    computed_at: datetime
    value: int | Decimal | float | None
    error_reason: str | None = None
    error: str | None = None
    error_line: int | None = None
    source_as_of: datetime | None = None
    stale: bool = False
    settled: bool = False
    definition_hash: str
    elapsed_ms: float | None = None

    @property
    def failed(self) -> bool:
        """The query did not give a number or NULL."""
        return self.error_reason is not None

    def json(self) -> dict[str, Any]:
        """The outcome as JSON values; a number travels as text so that no digit is lost."""
        values = {name: getattr(self, name) for name in _FIELDS}  # asdict would copy each value deeply
        values["value"] = _digits(self.value)
        return {
            name: value.isoformat() if isinstance(value, datetime) else repr(value) if isinstance(value, float) else value
            for name, value in values.items()
        }


_FIELDS = tuple(field.name for field in fields(Outcome))


def _digits(value: int | Decimal | float | None) -> str | None:
    return None if value is None else repr(value) if isinstance(value, float) else str(value)


def record(
    connection: psycopg.Connection[Any],
    outcomes: Sequence[Outcome],
    *,
    origin: Origin,
    run_id: int,
    replace: bool = False,
) -> None:
    """Append an observation for each outcome and upsert its history row, in the caller's transaction.

    Travels (`origin='backfill'`) leave the rows of ticks alone, and nothing unsettled overwrites what is settled, unless
    `replace`.
    """
    for first in range(0, len(outcomes), _AT_ONCE):
        part = [outcome.json() for outcome in outcomes[first : first + _AT_ONCE]]
        connection.execute(
            load_sql(__package__ or "", "record"),
            {
                "outcomes": json.dumps(part, ensure_ascii=False, allow_nan=False),
                "origin": origin,
                "run_id": run_id,
                "replace": replace,
            },
        )
