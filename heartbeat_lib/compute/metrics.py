"""The living metrics as compute needs them: id, meaning, period, sources."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.store import load_sql


class UnknownMetricError(HeartbeatError):
    """An id that no living metric has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingMetric:
    """One row of the registry, cut down to what computing it takes."""

    metric_id: str
    period: str
    value_sql: str
    sources: list[str]
    definition_hash: str
    created_at: datetime
    """When it came to life; periods that ended before are a backfill's."""

    @property
    def schemas(self) -> tuple[str, ...]:
        """Source schemas in the marts; a source with a colon has no table and no freshness."""
        return tuple(dict.fromkeys(source.partition(".")[0] for source in self.sources if ":" not in source))


def living_metrics(connection: psycopg.Connection[Any], ids: Collection[str] = ()) -> list[LivingMetric]:
    """Living metrics by id; all of them where `ids` is empty.

    Raises
    ------
    UnknownMetricError
        Some of `ids` are not alive; all of those are named.
    """
    with connection.cursor(row_factory=class_row(LivingMetric)) as cursor:
        found = cursor.execute(load_sql(__package__ or "", "living_metrics")).fetchall()
    if not ids:
        return found
    unknown = sorted(set(ids) - {metric.metric_id for metric in found})
    if unknown:
        raise UnknownMetricError(
            f"No living metric {', '.join(map(repr, unknown))}. `heartbeat list` shows the living ones; "
            "a new file lives after `heartbeat deploy`."
        )
    return [metric for metric in found if metric.metric_id in set(ids)]
