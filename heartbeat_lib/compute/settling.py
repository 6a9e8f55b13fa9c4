"""Which periods a tick closes: those that ended and still want their final value.

A period is closed by the first tick after its end, as of its last microsecond. It is closed again where

- the attempt failed, or the clock stood still meanwhile: the next tick comes back to it;
- a source brought rows that the closing had not seen: what was loaded before a period ended may lack its last hours. A load
  that ended after the period did makes its number final.

A metric whose running value fails in this tick is not asked for its past: it would fail there too, once per period. A metric
without a clock gives today's number for every day, so its period keeps the last value read while it was open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg

from heartbeat_lib.compute.evaluate import Question, has_clock
from heartbeat_lib.compute.freshness import Freshness
from heartbeat_lib.compute.metrics import LivingMetric
from heartbeat_lib.model.period import Grain, Period, period_at, periods_ended
from heartbeat_lib.store import load_sql
from heartbeat_lib.workbench import Workbench

_PACKAGE = __package__ or ""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Closing:
    """What a tick has to close: periods to compute, latest first, and rows that settle with the value they have."""

    questions: list[Question] = field(default_factory=list)
    as_read: list[tuple[str, datetime]] = field(default_factory=list)
    """metric_id and period_start."""


def to_close(
    workbench: Workbench,
    connection: psycopg.Connection[Any],
    metrics: Sequence[LivingMetric],
    freshness: Freshness,
    as_of: datetime,
) -> Closing:
    """Everything that ended by `as_of` and wants its final value, read from what the last ticks left.

    Parameters
    ----------
    connection
        The tick's own; only read here.
    freshness
        How far the sources are loaded now.
    """
    zone = workbench.workspace.zone

    @cache
    def holding(start: datetime, grain: str) -> Period:
        return period_at(start, Grain(grain), zone)

    @cache
    def ended_since(moment: datetime, grain: str) -> tuple[Period, ...]:
        return tuple(periods_ended(Grain(grain), first=moment, until=as_of, zone=zone))

    known = {metric.metric_id: metric for metric in metrics}
    clocked = {metric.metric_id for metric in metrics if has_clock(workbench, metric)}
    closing = Closing()
    wanted: dict[tuple[str, datetime], Period] = {}
    for metric_id, start, settled, computed_at in connection.execute(load_sql(_PACKAGE, "open_periods")).fetchall():
        if metric_id not in known or (period := holding(start, known[metric_id].period)).end > as_of:
            continue
        if metric_id in clocked:
            wanted[metric_id, start] = period
        elif not settled and computed_at is not None:
            closing.as_read.append((metric_id, start))

    last_tick = _last_tick(connection)
    news = _news(connection, freshness)
    since = {metric_id: _look_back(known[metric_id], last_tick, news) for metric_id in clocked}
    since = {metric_id: moment for metric_id, moment in since.items() if moment < as_of}
    final = _settled_since(connection, {key: holding(moment, known[key].period).start for key, moment in since.items()})
    for metric_id, moment in since.items():
        metric = known[metric_id]
        for period in ended_since(moment, metric.period):
            row = final.get((metric_id, period.start))
            missed = row is None and last_tick < period.end and metric.created_at < period.end
            if missed or (row is not None and _is_late(row, period, metric, news)):
                wanted[metric_id, period.start] = period
    ordered = sorted(wanted.items(), key=lambda item: (item[1].start, item[0][0]), reverse=True)
    closing.questions = [(known[metric_id], period.last_instant) for (metric_id, _), period in ordered]
    return closing


def settle_as_read(connection: psycopg.Connection[Any], rows: Sequence[tuple[str, datetime]]) -> None:
    """Settle rows of metrics without a clock with the value they have, judged now."""
    if rows:
        ids, starts = zip(*rows, strict=True)
        connection.execute(load_sql(_PACKAGE, "settle_as_read"), {"ids": list(ids), "starts": list(starts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """A source whose last load no tick has seen yet: when it ended, and when the one before did."""

    before: datetime
    loaded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Final:
    computed_at: datetime
    same_meaning: bool


def _last_tick(connection: psycopg.Connection[Any]) -> datetime:
    row = connection.execute(load_sql(_PACKAGE, "last_tick")).fetchone()
    return row[0] if row else _NEVER


def _news(connection: psycopg.Connection[Any], freshness: Freshness) -> dict[str, _News]:
    seen: dict[str, datetime] = dict(connection.execute(load_sql(_PACKAGE, "source_states")).fetchall())
    return {
        schema: _News(before=seen[schema], loaded=loaded)
        for schema, loaded in freshness.loaded.items()
        if loaded is not None and schema in seen and loaded > seen[schema]
    }


def _look_back(metric: LivingMetric, last_tick: datetime, news: dict[str, _News]) -> datetime:
    """From where on periods of this metric may have ended unseen, or been closed on less than there is now."""
    return min([last_tick, *(news[schema].before for schema in metric.schemas if schema in news)])


def _settled_since(connection: psycopg.Connection[Any], since: dict[str, datetime]) -> dict[tuple[str, datetime], _Final]:
    values = {"ids": list(since), "since": list(since.values())}
    rows = connection.execute(load_sql(_PACKAGE, "settled_since"), values).fetchall() if since else []
    return {(key, start): _Final(computed_at=at, same_meaning=same) for key, start, at, same in rows}


def _is_late(row: _Final, period: Period, metric: LivingMetric, news: dict[str, _News]) -> bool:
    return row.same_meaning and any(
        news[schema].before < period.end and row.computed_at < news[schema].loaded for schema in metric.schemas if schema in news
    )
