"""Layer 4, history: does the SQL still say of the past what it said then?

The last settled periods of the present meaning are computed again, each as of its last microsecond, all on one state of the
data. Equal within a billionth is the same. A restated value is doubtful; one that would be judged differently by the thresholds
in force fails. What was computed are observations of origin `audit`: `recompute` gives them, `record` appends them, and the kept
history stays as it is.

The surprise: a period whose recomputation fails keeps its stored value, and nobody knows whether that would hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from heartbeat_lib.audit.case import Case, select
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, broken_layer, layer_of
from heartbeat_lib.audit.wording import Number, apart, counted, digits, exactly, period_words, relative
from heartbeat_lib.marts import MartsError, Scalar
from heartbeat_lib.model.display import number
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import StoreError, load_sql

PERIODS = 90
"""How many settled periods are looked at when nobody says."""
_TOLERANCE = Decimal("1e-9")
_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One settled period, computed again.

    `stored` is the kept value, `value` the new one; None is no value. `error_reason` and `error` say why there is no new one.
    Instants are aware; `elapsed_ms` is None where it failed.
    """

    period_start: datetime
    as_of: datetime
    stored: Decimal | None
    stale: bool
    value: Number | None
    error_reason: str | None = None
    error: str | None = None
    elapsed_ms: float | None = None

    @property
    def restated(self) -> bool:
        """There is a new value and it is another."""
        if self.error_reason is not None:
            return False
        if self.stored is None or self.value is None:
            return (self.stored is None) != (self.value is None)
        new = exactly(self.value)
        return abs(apart(new, self.stored)) > _TOLERANCE * max(abs(new), abs(self.stored))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What `recompute` found, oldest first, and how far the sources were loaded (None: nothing says so).

    `error`: why nothing could be computed at all; then there are no periods.
    """

    case: Case
    periods: tuple[Again, ...] = ()
    source_as_of: datetime | None = None
    error: str = ""


def recompute(case: Case, *, periods: int = PERIODS) -> Recomputed:
    """Compute the last settled periods of the present meaning again; nothing is written, and no failure is raised.

    Without a clock there are none.
    """
    if case.parsed is None or not case.parsed.has_clock:
        return Recomputed(case=case)
    zone, grain, marts = case.workbench.workspace.zone, Grain(case.metric["period"]), case.workbench.marts
    try:
        kept = select(case, "settled", metric_id=case.metric_id, as_of=case.as_of, periods=periods)
        schemas = sorted({name.partition(".")[0] for name in case.metric["sources"] if ":" not in name})
        loaded = list(marts.freshness(schemas).values()) if kept else []
    except (MartsError, StoreError) as error:
        return Recomputed(case=case, error=str(error))
    asked = {
        str(i): (row, instant)
        for i, row in enumerate(kept)
        if (instant := period_at(row["period_start"], grain, zone).last_instant) <= case.as_of
    }
    jobs = [(tag, case.parsed.pinned(instant, zone)) for tag, (_, instant) in asked.items()]
    answers = dict(marts.scalars(jobs, timeout_s=case.workbench.workspace.settings.compute.timeout_s))
    known = [instant for instant in loaded if instant is not None]
    return Recomputed(
        case=case,
        periods=tuple(_again(row, instant, answers[tag]) for tag, (row, instant) in asked.items()),
        source_as_of=min(known) if known and len(known) == len(loaded) else None,
    )


def examine(case: Case, recomputed: Recomputed | None = None) -> Layer:
    """Compare what was computed again with what is kept; computes it where nobody did."""
    if case.parsed is None:
        return broken_layer(LayerName.HISTORY, case.unreadable)
    if not case.parsed.has_clock:
        said = "The SQL names no clock, so it gives today's number for every past day: its history cannot be computed again."
        return layer_of(LayerName.HISTORY, [], nothing=said)
    found = recomputed or recompute(case)
    if found.error:
        return broken_layer(LayerName.HISTORY, found.error)
    restated = [again for again in found.periods if again.restated]
    try:
        verdicts = _verdicts(case, restated)
    except StoreError as error:
        return broken_layer(LayerName.HISTORY, str(error))
    failed = [again for again in found.periods if again.error_reason is not None]
    done = len(found.periods) - len(failed)
    layer = layer_of(
        LayerName.HISTORY,
        [*_points(case, restated, verdicts, done), *_failure(case, failed)],
        nothing="No period of the present meaning has its final value yet."
        if not failed
        else f"None of {counted(len(failed), 'period')} could be computed again: {failed[-1].error}",
        tables=_tables(case, restated, verdicts),
    )
    if failed and layer.verdict is Verdict.HOLDS:
        return replace(layer, verdict=Verdict.NOT_EXAMINED, why=layer.points[-1].found, broken=True)
    return replace(layer, broken=bool(failed))


def record(connection: psycopg.Connection[Any], recomputed: Recomputed, *, run_id: int | None) -> None:
    """Append what was computed as observations of origin `audit`, in the caller's transaction; needs the role compute."""
    case = recomputed.case
    observations = [
        {
            "metric_id": case.metric_id,
            "period": case.metric["period"],
            "period_start": again.period_start.isoformat(),
            "as_of": again.as_of.isoformat(),
            "value": None if again.value is None else str(exactly(again.value)),
            "error_reason": again.error_reason,
            "error": again.error,
            "source_as_of": None if recomputed.source_as_of is None else recomputed.source_as_of.isoformat(),
            "definition_hash": case.metric["definition_hash"],
            "elapsed_ms": again.elapsed_ms,
        }
        for again in recomputed.periods
    ]
    values = {"observations": json.dumps(observations, ensure_ascii=False, allow_nan=False), "run_id": run_id}
    connection.execute(load_sql(__package__ or "", "observe"), values)


def _again(row: Mapping[str, Any], as_of: datetime, answer: Scalar | MartsError) -> Again:
    failed = answer if isinstance(answer, MartsError) else None
    return Again(
        period_start=row["period_start"],
        as_of=as_of,
        stored=row["value"],
        stale=row["stale"],
        value=answer.value if isinstance(answer, Scalar) else None,
        error_reason=failed.reason if failed else None,
        error=str(failed) if failed else None,
        elapsed_ms=answer.elapsed_s * 1000 if isinstance(answer, Scalar) else None,
    )


def _verdicts(case: Case, restated: Sequence[Again]) -> list[tuple[str, str]]:
    """Of each restated period the status of the stored and of the new value, by the thresholds in force."""
    if not restated:
        return []
    pairs = [
        {
            "at": i,
            "stored": None if again.stored is None else str(again.stored),
            "recomputed": None if again.value is None else str(exactly(again.value)),
            "stale": again.stale,
        }
        for i, again in enumerate(restated)
    ]
    rows = select(case, "verdicts", pairs=json.dumps(pairs), metric_id=case.metric_id)
    return [(row["was"], row["would"]) for row in rows]


def _points(case: Case, restated: Sequence[Again], verdicts: Sequence[tuple[str, str]], done: int) -> list[Point]:
    if not done:
        return []
    what, zone = "Settled periods", case.workbench.workspace.zone
    if not restated:
        return [Point(verdict=Verdict.HOLDS, what=what, found=f"{counted(done, 'settled period')} computed again say the same.")]
    largest = max(restated, key=lambda again: abs(_change(again) or 0))
    flips = [(again, pair) for again, pair in zip(restated, verdicts, strict=True) if pair[0] != pair[1]]
    words = period_words(largest.period_start, case.metric["period"], zone)
    unit = case.metric["unit"]
    points = [
        Point(
            verdict=Verdict.DOUBTFUL,
            what=what,
            found=f"{len(restated):,} of {counted(done, 'settled period')} would say something else now; the most in {words}: "
            f"{number(largest.stored, unit)} is kept, {number(largest.value, unit)} is computed now.",
        )
    ]
    if flips:
        again, (was, would) = flips[-1]
        words = period_words(again.period_start, case.metric["period"], zone)
        found = (
            f"{counted(len(flips), 'verdict')} would flip; the latest in {words}: what is kept is {was}, now it would be {would}."
        )
        points.append(Point(verdict=Verdict.FAILS, what="Verdicts", found=found))
    return points


def _failure(case: Case, failed: Sequence[Again]) -> list[Point]:
    if not failed:
        return []
    words = period_words(failed[-1].period_start, case.metric["period"], case.workbench.workspace.zone)
    found = f"{counted(len(failed), 'period')} could not be computed again; of {words} the engine says: {failed[-1].error}"
    return [Point(verdict=Verdict.NOT_EXAMINED, what="Periods that failed", found=found)]


def _tables(case: Case, restated: Sequence[Again], verdicts: Sequence[tuple[str, str]]) -> list[Table]:
    """The restated values, the latest first."""
    if not restated:
        return []
    zone, grain = case.workbench.workspace.zone, case.metric["period"]
    lines: list[tuple[str, ...]] = []
    for again, (was, would) in list(zip(restated, verdicts, strict=True))[::-1][:_SHOWN]:
        change = _change(again)
        lines.append(
            (
                period_words(again.period_start, grain, zone),
                digits(again.stored),
                digits(again.value),
                digits(change),
                "" if change is None or again.stored is None else relative(change, again.stored),
                f"{was}, would be {would}" if was != would else was,
            )
        )
    note = f"The latest {_SHOWN} of {len(restated)} are shown." if len(restated) > _SHOWN else ""
    heads = ("Period", "Kept", "Now", "Change", "Share", "Verdict")
    return [Table(title="Restated values", columns=heads, rows=tuple(lines), note=note)]


def _change(again: Again) -> Decimal | None:
    return None if again.stored is None or again.value is None else apart(exactly(again.value), again.stored)
