"""The metric under audit, read once, so that all five layers speak of the same moment and the same meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from heartbeat_lib.model.value_sql import ValueSql
from heartbeat_lib.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every layer gets.

    `metric` is the row of `sql/case.sql`: the registry's columns and what the tile shows. `as_of` is aware: the instant at which
    our number and every other route to it are computed. `hand_count` and `rebuild_sql` serve this audit alone.
    """

    workbench: Workbench
    metric: Mapping[str, Any]
    parsed: ValueSql
    as_of: datetime
    audit_date: date
    auditor: str
    hand_count: Decimal | None = None
    rebuild_sql: str | None = None

    @property
    def metric_id(self) -> str:
        """Its id."""
        return self.metric["metric_id"]
