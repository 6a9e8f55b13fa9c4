"""The few verbs that join stages: load, tick, deploy, benchmarks.

A tick loads every source, pins one `as_of` after the load, computes all metrics and judges them. A deploy registers what the
files say, computes what is new and renews the bands. Stages do not know each other; they meet here, in the store and in the
model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from heartbeat_lib import compute, registration, review, sources
from heartbeat_lib.benchmark import refresh_benchmarks
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.hand_count import same
from heartbeat_lib.model.metric import MetricDefinition
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.sources import NoSourcesError, Say, SourceLoad
from heartbeat_lib.sources import silent as _silent
from heartbeat_lib.workbench import Workbench

_EXAMPLES = 3
"""Missed hand counts that a finding spells out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One finished tick: what was loaded, what every metric said, and what somebody changed past the doors."""

    loads: tuple[SourceLoad, ...]
    report: compute.Report
    tamperings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a deploy did (or would do), its findings, and the first computation of what is new."""

    plan: registration.Plan
    findings: tuple[registration.Finding, ...]
    report: compute.Report | None = None

    def _repr_html_(self) -> str:
        return registration.plan_html(self.plan, self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One metric, run once and not written: its definition, the outcome, and the status it would have."""

    definition: MetricDefinition
    outcome: compute.Outcome
    tables: tuple[str, ...]
    period_label: str
    status: str
    status_reason: str | None
    findings: tuple[registration.Finding, ...]

    @property
    def value(self) -> int | float | Decimal | None:
        """The number, or None."""
        return self.outcome.value

    def json(self) -> dict[str, object]:
        """The trial as one JSON object."""
        return {
            "metric_id": self.definition.metric_id,
            "value": self.value,
            "unit": self.definition.unit,
            "status": self.status,
            "status_reason": self.status_reason,
            "error": self.outcome.error,
            "as_of": self.outcome.as_of,
            "period": self.definition.period,
            "period_start": self.period_label,
            "tables": list(self.tables),
            "elapsed_ms": self.outcome.elapsed_ms,
            "findings": [finding.json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRun:
    """One finished benchmark run: its record, the instant it was due (aware), bands made and bands with enough values."""

    run: int
    due: datetime
    metrics: int
    shown: int


def tick(
    workbench: Workbench,
    *,
    due: datetime | None = None,
    notebook: str | None = None,
    now: compute.Now = compute.utc_now,
    say: Say = _silent,
    progress: compute.Progress | None = None,
) -> Tick:
    """One tick: load every source, then compute and judge every metric at one `as_of`, and close what ended.

    A failed load never stops the compute; it is in the answer and in the run's record. So is what a superuser changed past
    the doors.

    Parameters
    ----------
    due
        The instant this tick was due (aware): its identity. Now, where a person calls it.
    notebook
        Where the executed notebook that calls this will lie, relative to the workspace.
    now
        The clock; `as_of` is read from it once, after the loads.

    Raises
    ------
    TickRunningError
        Another process is in a tick; nothing was done.
    DueAlreadyError
        The tick due at `due` is finished; nothing was done.
    StoreError
        The store cannot be reached.
    """
    store, actor = workbench.store, workbench.workspace.settings.operator
    with (
        ThreadPoolExecutor(max_workers=1) as beside,
        compute.open_run(store, "tick", actor=actor, due=due, notebook=notebook) as run,
    ):
        # It waits for the database alone, so it costs nothing beside the loads and queries.
        looking = beside.submit(store.tamperings)
        started = time.perf_counter()
        loads = sources.load_all(workbench, say=say)
        loading = time.perf_counter() - started
        as_of = now()
        run.detail["loads"] = [load.record() for load in loads]
        say("Computing and judging every metric ...")
        report = compute.compute_tick(
            workbench, run, as_of, loads={load.schema: load.error for load in loads}, now=now, progress=progress
        )
        report.phases = {"load": loading, **report.phases}
        run.detail["phases"] = {phase: round(seconds, 3) for phase, seconds in report.phases.items()}
        tamperings = tuple(found.message for found in looking.result())
        run.detail["tamperings"] = list(tamperings)
    return Tick(loads=loads, report=report, tamperings=tamperings)


def load_sources(workbench: Workbench, *, say: Say = _silent) -> tuple[SourceLoad, ...]:
    """Every `[[source]]` of the workspace, one after another; a failed one leaves its schema as it was.

    Raises
    ------
    NoSourcesError
        The workspace names no source.
    """
    if not workbench.workspace.settings.source:
        raise NoSourcesError(
            "heartbeat.toml names no [[source]]. Add one (schema, and folder or pipeline), "
            "or load one folder: heartbeat load SCHEMA FOLDER"
        )
    with compute.open_run(workbench.store, "load", actor=workbench.workspace.settings.operator) as run:
        loads = sources.load_all(workbench, say=say)
        run.detail["loads"] = [load.record() for load in loads]
        if any(load.error for load in loads):
            run.outcome = "failed"
    return loads


def load_folder(workbench: Workbench, schema: str, folder: Path, *, say: Say = _silent) -> SourceLoad:
    """One folder into one schema, now. A `[[source]]` of that schema lends its key and time zone.

    Raises
    ------
    LoadError
        A file or the folder cannot be loaded; the marts are as before.
    """
    with compute.open_run(workbench.store, "load", actor=workbench.workspace.settings.operator) as run:
        load = sources.load_folder(workbench, schema, folder, say=say)
        run.detail["loads"] = [load.record()]
    return load


def load_demo(workbench: Workbench, *, ending: date | None = None, say: Say = _silent) -> tuple[SourceLoad, ...]:
    """The synthetic bank, 200 days long: up to this moment, or all of the day `ending`. Raises LoadError."""
    with compute.open_run(workbench.store, "load", actor=workbench.workspace.settings.operator) as run:
        loads = sources.load_demo(workbench, ending=ending, say=say)
        run.detail["loads"] = [load.record() for load in loads]
    return loads


def try_metric(workbench: Workbench, target: str, *, as_of: datetime) -> Trial:
    """Run one metric file once, as a tick would, and write nothing.

    Parameters
    ----------
    target
        A path, or the id of a file in `db/metrics/`.
    as_of
        The instant that its clock is pinned to (aware).

    Raises
    ------
    DeployRefused
        The file has errors; they are in `findings`.
    NoSuchMetricFileError
        There is no such file.
    """
    workspace = workbench.workspace
    is_path = target.endswith(".sql") or "/" in target
    path = Path(target) if is_path else workspace.metrics / f"{target}.sql"
    checked = registration.check(workspace, [path])
    if checked.errors:
        raise registration.DeployRefused(checked.findings)
    (definition,) = checked.definitions.values()
    (outcome,) = compute.try_definitions(workbench, [definition], as_of)
    status, reason = compute.judge(workbench, definition, outcome)
    return Trial(
        definition=definition,
        outcome=outcome,
        tables=parse_value_sql(definition.value_sql, dialect_for(workspace.marts_url)).tables,
        period_label=period_at(outcome.as_of, Grain(definition.period), workspace.zone).label(workspace.zone),
        status=status,
        status_reason=reason,
        findings=checked.findings,
    )


def plan_deploy(workbench: Workbench, *, allow_retirements: int | None = None) -> Deployed:
    """What `deploy` would do; nothing is written, refusals and hand counts that a new meaning misses are among the findings."""
    checked = registration.check(workbench.workspace)
    if checked.errors:
        return Deployed(plan=registration.Plan(version=0), findings=checked.findings)
    planned = registration.plan(workbench.store, checked, allow_retirements=allow_retirements)
    missed = _hand_count_findings(workbench, planned, checked)
    return Deployed(plan=planned, findings=(*checked.findings, *missed, *planned.refusals))


def deploy(
    workbench: Workbench,
    *,
    allow_retirements: int | None = None,
    reason: str | None = None,
    say: Say = _silent,
) -> Deployed:
    """Register what the files of `db/metrics/` say, all or nothing, compute what is new, and renew the bands.

    A new meaning that misses numbers that people counted is told among the findings, and deployed.

    Raises
    ------
    DeployRefused
        Files, plan or trial have findings of severity `error`; the registry is as before.
    """
    checked = registration.check(workbench.workspace)
    if checked.errors:
        raise registration.DeployRefused(checked.findings)
    planned = registration.plan(workbench.store, checked, allow_retirements=allow_retirements)
    if planned.refusals:
        raise registration.DeployRefused((*checked.findings, *planned.refusals))

    as_of = datetime.now(UTC)
    to_try = registration.definitions_to_try(planned, checked)
    if to_try:
        say(f"Trying {len(to_try)} new or changed {'query' if len(to_try) == 1 else 'queries'} on the marts ...")
    outcomes = compute.try_definitions(workbench, to_try, as_of)
    failures = _trial_findings(outcomes, checked)
    if failures:
        raise registration.DeployRefused((*checked.findings, *failures))
    findings = (*checked.findings, *_hand_count_findings(workbench, planned, checked))

    actor = workbench.workspace.settings.operator
    commit = registration.git_commit(workbench.workspace.metrics)
    applied = registration.apply(
        workbench.store,
        checked,
        planned,
        actor=actor,
        reason=reason,
        commit=commit,
        allow_retirements=allow_retirements,
    )
    if applied.refusals:
        raise registration.DeployRefused((*findings, *applied.refusals))
    # The trial's numbers are the first computation: nothing is asked of the marts twice.
    report = compute.record_manual(workbench, outcomes, actor=actor, as_of=as_of) if outcomes else None
    if applied.new or applied.new_meaning or applied.cosmetic or applied.retired:
        benchmarks(workbench, say=say)
    return Deployed(plan=applied, findings=findings, report=report)


def benchmarks(
    workbench: Workbench,
    *,
    due: datetime | None = None,
    notebook: str | None = None,
    now: compute.Now = compute.utc_now,
    say: Say = _silent,
) -> BenchmarkRun:
    """What is normal for every metric, made anew from its own history. It informs: no threshold and no status moves.

    Parameters
    ----------
    due
        The instant this run was due (aware): its identity. Now, where a person calls it.
    notebook
        Where the executed notebook that calls this will lie, relative to the workspace.

    Raises
    ------
    DueAlreadyError
        The run due at `due` is finished; nothing was done.
    StoreError
        The store cannot be reached.
    """
    zone, actor = workbench.workspace.zone, workbench.workspace.settings.operator
    say("Renewing what is normal for every metric ...")
    with compute.open_run(workbench.store, "benchmarks", actor=actor, due=due, notebook=notebook) as run:
        run.as_of = now()
        bands = refresh_benchmarks(run.connection, zone=zone, now=run.as_of)
        run.detail.update(bands=bands.metrics, shown=bands.shown)
    return BenchmarkRun(run=run.run_id, due=run.due, metrics=bands.metrics, shown=bands.shown)


def _trial_findings(outcomes: Sequence[compute.Outcome], checked: registration.Checked) -> tuple[registration.Finding, ...]:
    return tuple(
        registration.Finding(
            file=checked.path(outcome.metric_id) or outcome.metric_id,
            line=checked.line_in_file(outcome.metric_id, outcome.error_line),
            rule=(outcome.error_reason or "").replace("_", "-"),
            message=f"value_sql does not run: {outcome.error}",
        )
        for outcome in outcomes
        if outcome.failed
    )


def _hand_count_findings(
    workbench: Workbench, planned: registration.Plan, checked: registration.Checked
) -> tuple[registration.Finding, ...]:
    """A warning per changed meaning that misses numbers that people counted, or cannot be held against them."""
    dialect, zone = dialect_for(workbench.workspace.marts_url), workbench.workspace.zone
    counts: dict[str, dict[datetime, review.Row]] = {}
    asked: list[tuple[MetricDefinition, datetime]] = []
    said: dict[str, str] = {}
    for metric_id in planned.new_meaning:
        definition = checked.definitions[metric_id]
        kept = [row for row in review.hand_counts(workbench, metric_id) if row["period"] == definition.period]
        if kept and not parse_value_sql(definition.value_sql, dialect).has_clock:
            said[metric_id] = f"{_hand_counts(len(kept))} cannot be checked: value_sql names no clock, so it has no past."
            continue
        for row in kept:
            period = period_at(row["period_start"], Grain(definition.period), zone)
            counts.setdefault(metric_id, {})[period.start] = row | {"label": period.label(zone)}
            asked.append((definition, period.last_instant))
    missed: dict[str, list[tuple[datetime, str]]] = {}
    for outcome in compute.try_as_of(workbench, asked):
        row = counts[outcome.metric_id][outcome.period_start]
        if not same(outcome.value, row["value"]):
            now = "no value" if outcome.value is None else f"{outcome.value}"
            told = f"{row['label']} is {outcome.error or now}, counted {row['value']} (from {row['source']})"
            missed.setdefault(outcome.metric_id, []).append((outcome.period_start, told))
    for metric_id, misses in missed.items():
        examples = "; ".join(told for _, told in sorted(misses)[:_EXAMPLES])
        more = "; ..." if len(misses) > _EXAMPLES else ""
        said[metric_id] = f"the new SQL misses {len(misses)} of {_hand_counts(len(counts[metric_id]))}: {examples}{more}"
    return tuple(
        registration.Finding(
            file=checked.path(metric_id) or metric_id, line=1, rule="hand-counts", severity="warning", message=message
        )
        for metric_id, message in sorted(said.items())
    )


def _hand_counts(number: int) -> str:
    return f"{number} hand count{'' if number == 1 else 's'}"
