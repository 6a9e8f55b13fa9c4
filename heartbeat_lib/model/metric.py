"""What a metric file says once it has been evaluated: plain values, with the meaning of its SQL worked out.

The names of the fields are the names of the registry's columns that a file owns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

METRIC_ID = re.compile(r"[a-z][a-z0-9_]{2,62}")
CODE = re.compile(r"[A-Z0-9]{4}")
NAME_LENGTH = 40


class Direction(StrEnum):
    """Which way a value gets worse."""

    HIGHER_IS_WORSE = "higher_is_worse"
    LOWER_IS_WORSE = "lower_is_worse"


class Judge(StrEnum):
    """Which period the tile shows and judges."""

    RUNNING = "running"
    """The period that is still open: today's number so far."""
    CLOSED = "closed"
    """The last finished period: for sums that start at zero every morning."""


class BenchmarkKind(StrEnum):
    """How a metric's typical band is made; it informs and never judges."""

    ROLLING_STAT = "rolling_stat"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition:
    """One metric as its file defines it. Thresholds are in the metric's unit."""

    metric_id: str
    code: str
    name: str
    period: str
    value_sql: str
    description: str
    sources: tuple[str, ...]
    how_to_read: str | None = None
    methodology: str | None = None
    unit: str | None = None
    direction: str | None = None
    judge: str = Judge.RUNNING
    benchmark_kind: str = BenchmarkKind.ROLLING_STAT
    cross_check_sql: str | None = None
    notes: str | None = None
    replaces: str | None = None
    alert_after: int = 1
    recover_after: int = 1
    norm_value: Decimal | None = None
    alert_value: Decimal | None = None
    threshold_basis: str | None = None
    target_value: Decimal | None = None
    target_due_date: date | None = None
    dialect: str
    definition_hash: str
    hash_version: str

    def row(self) -> dict[str, Any]:
        """The definition as JSON values, decimals and dates as text so that no digit is lost."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, Decimal | date) else list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }


def infer_direction(norm: Decimal | None, alert: Decimal | None, written: str | None) -> str | None:
    """The direction that two thresholds imply, or the written one.

    Returns
    -------
    str or None
        None where there is no threshold and none was written.

    Raises
    ------
    ValueError
        Written and thresholds contradict each other, or the thresholds do not tell and none is written.

    >>> infer_direction(Decimal(5), Decimal(9), None)
    'higher_is_worse'
    """
    implied: str | None = None
    if norm is not None and alert is not None and norm != alert:
        implied = Direction.HIGHER_IS_WORSE if alert > norm else Direction.LOWER_IS_WORSE
    if written is not None:
        if implied is not None and implied != written:
            side = "above" if implied == Direction.HIGHER_IS_WORSE else "below"
            raise ValueError(
                f"direction says {written}, but alert_value {alert} lies {side} norm_value {norm}, which is {implied}"
            )
        return written
    if implied is None and (norm is not None or alert is not None):
        what = "two equal thresholds do" if norm is not None and alert is not None else "one threshold does"
        raise ValueError(f"{what} not tell the direction; write direction = 'higher_is_worse' or 'lower_is_worse'")
    return None if implied is None else str(implied)
