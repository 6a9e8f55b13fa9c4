"""The passes: a tick, a single refresh, a travel to another instant, and the backfill of many.

They differ in which periods they ask for, in what may be overwritten, and in the origin that history remembers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from heartbeat_lib.compute.batches import evaluate_many
from heartbeat_lib.compute.evaluate import Question, evaluate, has_clock
from heartbeat_lib.compute.freshness import freshness_of
from heartbeat_lib.compute.metrics import LivingMetric, living_metrics
from heartbeat_lib.compute.outcome import Origin, Outcome, record
from heartbeat_lib.compute.runs import Run, open_run
from heartbeat_lib.compute.settling import settle_as_read, to_close
from heartbeat_lib.compute.source_state import note_sources
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import Judge, MetricDefinition
from heartbeat_lib.model.period import Grain, period_at, periods_ended, previous_period
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_CHUNK = 500
"""Outcomes per transaction of a backfill: what a stop can lose, against what a commit costs."""

Progress = Callable[[int, int], None]
"""Called with how many are done, of how many."""

Now = Callable[[], datetime]
"""Gives the present instant, aware."""


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class NoClockError(HeartbeatError):
    """The past was asked of a metric whose SQL names no clock."""


class FutureError(HeartbeatError):
    """An instant that has not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one metric gave no number."""

    metric_id: str
    period_start: datetime
    reason: str
    message: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What a pass did: counts of outcomes, the failures by name, and the metrics that it left out."""

    run: int
    as_of: datetime
    due: datetime
    ok: int = 0
    failed: int = 0
    no_value: int = 0
    failures: list[Failure] = field(default_factory=list)
    settled: int = 0
    """Periods that got their final value."""
    skipped: list[str] = field(default_factory=list)
    """Metrics without a clock: they cannot travel."""
    batched: list[str] = field(default_factory=list)
    """Metrics of a backfill of which some periods were computed many in one statement."""
    phases: dict[str, float] = field(default_factory=dict)
    """Seconds spent in `compute` (asking the marts) and `judge` (judging and writing)."""

    def count(self, outcome: Outcome) -> None:
        """Add one outcome."""
        self.settled += outcome.settled and not outcome.failed
        if outcome.failed:
            self.failed += 1
            self.failures.append(
                Failure(
                    metric_id=outcome.metric_id,
                    period_start=outcome.period_start,
                    reason=outcome.error_reason or "",
                    message=outcome.error or "",
                )
            )
        elif outcome.value is None:
            self.no_value += 1
        else:
            self.ok += 1


def compute_tick(
    workbench: Workbench,
    run: Run,
    as_of: datetime,
    *,
    loads: Mapping[str, str | None] = {},
    now: Now = utc_now,
    progress: Progress | None = None,
) -> Report:
    """Every living metric as of one instant, and the final value of every period that ended since the last tick.

    All of it is written in the transaction that ends `run`, with what is known of the sources.

    Parameters
    ----------
    loads
        Source schema -> why its load failed, None where it worked: what this tick loaded.
    now
        The clock that `computed_at` is read from.
    """
    metrics = living_metrics(run.connection)
    freshness = freshness_of(workbench, sorted({*_schemas(metrics), *loads}))
    closing = to_close(workbench, run.connection, metrics, freshness, as_of)
    run.as_of = as_of
    report = Report(run=run.run_id, as_of=as_of, due=run.due, settled=len(closing.as_read))

    started = time.perf_counter()
    outcomes: list[Outcome] = []
    failing: set[str] = set()
    total = len(metrics) + len(closing.questions)

    def ask(questions: Iterable[Question]) -> None:
        for outcome in evaluate(workbench, questions, freshness=freshness, now=now):
            report.count(outcome)
            outcomes.append(outcome)
            if outcome.failed:
                failing.add(outcome.metric_id)
            if progress is not None:
                progress(len(outcomes), total)

    ask((metric, as_of) for metric in metrics)
    # Who failed just now would fail here too, once per period. Read lazily: one failed closing ends those of its metric.
    ask((metric, moment) for metric, moment in closing.questions if metric.metric_id not in failing)
    answered = time.perf_counter()
    record(run.connection, outcomes, origin="tick", run_id=run.run_id)
    settle_as_read(run.connection, closing.as_read)
    note_sources(run.connection, freshness, loads, seen_at=as_of)
    report.phases = {"compute": answered - started, "judge": time.perf_counter() - answered}
    run.detail.update(_detail(report, "tick"))
    return report


def refresh_ids(workbench: Workbench, ids: Collection[str], *, actor: str, progress: Progress | None = None) -> Report:
    """The running period of some metrics, now: no tick, origin `manual`.

    Raises
    ------
    UnknownMetricError
        An id is not alive; nothing was computed.
    """
    as_of = datetime.now(UTC)
    metrics = _living(workbench, ids)
    with open_run(workbench.store, "manual", actor=actor, as_of=as_of) as run:
        report = Report(run=run.run_id, as_of=as_of, due=run.due)
        _pass(workbench, run, [(metric, as_of) for metric in metrics], report, origin="manual", progress=progress)
    return report


def try_definitions(workbench: Workbench, definitions: Sequence[MetricDefinition], as_of: datetime) -> list[Outcome]:
    """Run definitions that are not registered yet, once each, for the period that their tile would show at `as_of`.

    Where finished periods are judged that is the last one that ended, as of its last microsecond. Nothing is written.
    """
    questions: list[Question] = []
    for definition in definitions:
        metric = _as_if_living(definition, as_of)
        closed = definition.judge == Judge.CLOSED and has_clock(workbench, metric)
        questions.append((metric, _last_ended(workbench, metric, as_of) if closed else as_of))
    return _tried(workbench, questions)


def try_as_of(workbench: Workbench, asked: Iterable[tuple[MetricDefinition, datetime]]) -> list[Outcome]:
    """Run definitions that are not registered yet, each as of its instants (aware); in the order in which answers arrive.

    Nothing is written. One whose value_sql names no clock gives today's number for every instant.
    """
    return _tried(workbench, [(_as_if_living(definition, as_of), as_of) for definition, as_of in asked])


def judge(workbench: Workbench, definition: MetricDefinition, outcome: Outcome) -> tuple[str, str | None]:
    """Status and reason that an outcome would get by the definition's thresholds: the store's one judgement."""
    values = {
        "value": None if outcome.value is None else str(outcome.value),
        "direction": definition.direction,
        "norm": definition.norm_value,
        "alert": definition.alert_value,
        "failed": outcome.failed,
        "stale": outcome.stale,
    }
    with translated("Judging"), workbench.store.connect(Role.READER) as connection:
        return connection.execute(load_sql(__package__ or "", "judge"), values).fetchall()[0]


def record_manual(workbench: Workbench, outcomes: Sequence[Outcome], *, actor: str, as_of: datetime) -> Report:
    """Write outcomes that are at hand already, origin `manual`: no tick."""
    with open_run(workbench.store, "manual", actor=actor, as_of=as_of) as run:
        report = Report(run=run.run_id, as_of=as_of, due=run.due)
        for outcome in outcomes:
            report.count(outcome)
        record(run.connection, outcomes, origin="manual", run_id=run.run_id)
        run.detail.update(_detail(report, "manual"))
    return report


def travel(
    workbench: Workbench, as_of: datetime, ids: Collection[str] = (), *, actor: str, progress: Progress | None = None
) -> Report:
    """The period around `as_of`, as of that instant. Rows of ticks stay as they are.

    Raises
    ------
    FutureError
        `as_of` has not come yet.
    UnknownMetricError
        An id is not alive.
    """
    if as_of > datetime.now(UTC):
        raise FutureError(f"{as_of.isoformat()} has not come yet; a travel goes to the past.")
    metrics = _living(workbench, ids)
    able = [metric for metric in metrics if has_clock(workbench, metric)]
    with open_run(workbench.store, "backfill", actor=actor, as_of=as_of) as run:
        report = Report(run=run.run_id, as_of=as_of, due=run.due)
        report.skipped = [metric.metric_id for metric in metrics if metric not in able]
        _pass(workbench, run, [(metric, as_of) for metric in able], report, origin="backfill", progress=progress)
    return report


def backfill(
    workbench: Workbench,
    ids: Collection[str] = (),
    *,
    first: datetime,
    until: datetime,
    replace: bool = False,
    actor: str,
    progress: Progress | None = None,
) -> Report:
    """Every period that ended in the span, each as of its last microsecond.

    Periods that have their final value already, and those that a tick wrote, are not computed again; so a backfill that
    was stopped is taken up where it was, and `replace` starts over. Outcomes are committed in chunks. Each period is a query
    of its own, except where a trial finds many of a metric in one statement faster; `Report.batched` names those metrics.

    Parameters
    ----------
    first, until
        Aware. The period around `first` is the first one; only periods that ended by `until` are computed.

    Raises
    ------
    NoClockError
        A metric named in `ids` has no clock; without `ids` such metrics are skipped and named.
    """
    metrics = _living(workbench, ids)
    able = [metric for metric in metrics if has_clock(workbench, metric)]
    without = [metric.metric_id for metric in metrics if metric not in able]
    if ids and without:
        raise NoClockError(
            f"{', '.join(without)}: value_sql names no clock (current_date, now()), so it gives today's number for every "
            "past day. Its history accumulates tick by tick; write the day it counts with current_date to make it travel."
        )
    until = min(until, datetime.now(UTC))
    with open_run(workbench.store, "backfill", actor=actor, as_of=until) as run:
        report = Report(run=run.run_id, as_of=until, due=run.due, skipped=without)
        have = set() if replace else _filled(run, [metric.metric_id for metric in able])
        questions = [
            (metric, period.last_instant)
            for metric in able
            for period in periods_ended(Grain(metric.period), first=first, until=until, zone=workbench.workspace.zone)
            if (metric.metric_id, metric.period, period.start) not in have
        ]
        freshness = freshness_of(workbench, _schemas(able))
        outcomes = evaluate_many(workbench, questions, freshness=freshness, batched=report.batched)
        _write(run, outcomes, report, len(questions), origin="backfill", replace=replace, chunk=_CHUNK, progress=progress)
    return report


def _as_if_living(definition: MetricDefinition, as_of: datetime) -> LivingMetric:
    return LivingMetric(
        metric_id=definition.metric_id,
        period=definition.period,
        value_sql=definition.value_sql,
        sources=list(definition.sources),
        definition_hash=definition.definition_hash,
        created_at=as_of,
    )


def _tried(workbench: Workbench, questions: Sequence[Question]) -> list[Outcome]:
    if not questions:
        return []
    freshness = freshness_of(workbench, _schemas([metric for metric, _ in questions]))
    return list(evaluate(workbench, questions, freshness=freshness))


def _last_ended(workbench: Workbench, metric: LivingMetric, as_of: datetime) -> datetime:
    zone = workbench.workspace.zone
    return previous_period(period_at(as_of, Grain(metric.period), zone), zone).last_instant


def _schemas(metrics: Sequence[LivingMetric]) -> list[str]:
    return sorted({schema for metric in metrics for schema in metric.schemas})


def _living(workbench: Workbench, ids: Collection[str]) -> list[LivingMetric]:
    with translated("Reading the registry"), workbench.store.connect(Role.COMPUTE) as connection:
        return living_metrics(connection, ids)


def _filled(run: Run, ids: Sequence[str]) -> set[tuple[str, str, datetime]]:
    rows = run.connection.execute(load_sql(__package__ or "", "filled_periods"), {"ids": list(ids)}).fetchall()
    return {(metric_id, period, start) for metric_id, period, start in rows}


def _pass(
    workbench: Workbench,
    run: Run,
    questions: Sequence[Question],
    report: Report,
    *,
    origin: Origin,
    progress: Progress | None = None,
) -> None:
    freshness = freshness_of(workbench, _schemas([metric for metric, _ in questions]))
    outcomes = evaluate(workbench, questions, freshness=freshness)
    _write(run, outcomes, report, len(questions), origin=origin, progress=progress)


def _write(
    run: Run,
    outcomes: Iterable[Outcome],
    report: Report,
    total: int,
    *,
    origin: Origin,
    replace: bool = False,
    chunk: int | None = None,
    progress: Progress | None = None,
) -> None:
    waiting: list[Outcome] = []
    for done, outcome in enumerate(outcomes, start=1):
        report.count(outcome)
        waiting.append(outcome)
        if progress is not None:
            progress(done, total)
        if chunk is not None and len(waiting) >= chunk:
            record(run.connection, waiting, origin=origin, run_id=run.run_id, replace=replace)
            run.checkpoint()
            waiting.clear()
    record(run.connection, waiting, origin=origin, run_id=run.run_id, replace=replace)
    run.detail.update(_detail(report, origin))


def _detail(report: Report, origin: Origin) -> dict[str, object]:
    return {
        "origin": origin,
        "ok": report.ok,
        "failed": report.failed,
        "no_value": report.no_value,
        "settled": report.settled,
        "failures": {failure.metric_id: failure.reason for failure in report.failures},
        "skipped": report.skipped,
        "batched": report.batched,
    }
