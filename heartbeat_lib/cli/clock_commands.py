"""Loading and computing: load, refresh, backfill, benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat_lib.compute import Report
    from heartbeat_lib.lifecycle import SourceLoad

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def load(
    schema: Annotated[str | None, typer.Argument()] = None,
    folder: Annotated[Path | None, typer.Argument()] = None,
    demo: Annotated[bool, typer.Option("--demo", help="A synthetic bank of 200 days.")] = False,
    ending: Annotated[str | None, typer.Option(metavar="DATE", help="Last day of the demo bank.")] = None,
) -> None:
    """Load a folder of files into a schema; alone: every source.

    FOLDER's Parquet, CSV and JSON-lines files become tables of SCHEMA. Without words every [[source]] of heartbeat.toml
    that has something new is loaded.
    """
    from heartbeat_lib import lifecycle
    from heartbeat_lib.cli.output import say, workbench
    from heartbeat_lib.cli.times import day

    if (demo and schema) or (ending and not demo) or (schema and folder is None):
        raise typer.BadParameter("write `load SCHEMA FOLDER`, `load --demo [--ending DATE]`, or `load` alone")
    with workbench() as bench:
        if demo:
            loads = lifecycle.load_demo(bench, ending=day(ending) if ending else None, say=say)
        elif schema and folder:
            loads = (lifecycle.load_folder(bench, schema, folder, say=say),)
        else:
            loads = lifecycle.load_sources(bench, say=say)
    _print_loads(loads)
    if any(load.error for load in loads):
        raise typer.Exit(1)


def refresh(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    as_of: Annotated[str | None, typer.Option(help="Travel: an instant or a day of the past.")] = None,
    json: Json = False,
) -> None:
    """One tick: load, compute and judge everything.

    With IDs only those metrics are computed, without a tick; with --as-of the past is, as of then.
    """
    from heartbeat_lib import compute, lifecycle
    from heartbeat_lib.cli.output import complain, print_json, progress_bar, say, workbench
    from heartbeat_lib.cli.times import instant_or_now

    with workbench() as bench, progress_bar("Computing") as progress:
        actor = bench.workspace.settings.operator
        loads: tuple[SourceLoad, ...] = ()
        try:
            if as_of is not None:
                moment = instant_or_now(as_of, bench.workspace.zone)
                report = compute.travel(bench, moment, ids or (), actor=actor, progress=progress)
            elif ids:
                report = compute.refresh_ids(bench, ids, actor=actor, progress=progress)
            else:
                done = lifecycle.tick(bench, say=say, progress=progress)
                loads, report = done.loads, done.report
                for tampering in done.tamperings:
                    complain(f"somebody changed the store past its doors: {tampering}")
        except compute.TickRunningError as running:
            if json:
                print_json({"run": None, "as_of": None, "due": None, "ok": 0, "failed": 0, "no_value": 0})
            say(str(running))
            return
    if json:
        print_json(_report_json(report))
        return
    _print_loads(loads)
    _print_report(report, bench.workspace.zone.key)


def backfill(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    *,
    from_: Annotated[str, typer.Option("--from", metavar="D", help="First day.")],
    to: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day; default: yesterday.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Compute again what is there already.")] = False,
    json: Json = False,
) -> None:
    """Compute past periods, each as of its end."""
    from heartbeat_lib import compute
    from heartbeat_lib.cli.output import print_json, progress_bar, workbench
    from heartbeat_lib.cli.times import day, day_end, day_start, instant_or_now

    with workbench() as bench, progress_bar("Backfilling") as progress:
        zone = bench.workspace.zone
        report = compute.backfill(
            bench,
            ids or (),
            first=day_start(day(from_), zone),
            until=day_end(day(to), zone) if to else instant_or_now(None, zone),
            replace=replace,
            actor=bench.workspace.settings.operator,
            progress=progress,
        )
    if json:
        print_json(_report_json(report))
    else:
        _print_report(report, zone.key)


def benchmarks(json: Json = False) -> None:
    """What is normal for every metric, from its own history.

    Mean and deviation of the settled values before the period on show. They inform; no status comes from them.
    """
    from heartbeat_lib import lifecycle
    from heartbeat_lib.cli.output import print_json, stdout, workbench

    with workbench() as bench:
        done = lifecycle.benchmarks(bench)
    if json:
        print_json({"run": done.run, "metrics": done.metrics, "shown": done.shown})
        return
    bands = "1 band" if done.metrics == 1 else f"{done.metrics} bands"
    stdout().print(f"{bands} renewed, {done.shown} shown (7 values or more)", soft_wrap=True)


def _report_json(report: Report) -> dict[str, object]:
    return {
        "run": report.run,
        "as_of": report.as_of,
        "due": report.due,
        "ok": report.ok,
        "failed": report.failed,
        "no_value": report.no_value,
        "skipped": report.skipped,
        "failures": [
            {"metric_id": f.metric_id, "period_start": f.period_start, "reason": f.reason, "message": f.message}
            for f in report.failures
        ],
    }


def _print_report(report: Report, zone: str) -> None:
    from heartbeat_lib.cli.output import stdout, warn
    from heartbeat_lib.cli.render import report_lines

    for line in report_lines(report, zone):
        stdout().print(line, soft_wrap=True)
    if report.skipped:
        warn(f"skipped, no clock in their SQL: {', '.join(report.skipped)}")


def _print_loads(loads: Iterable[SourceLoad]) -> None:
    from heartbeat_lib.cli.output import complain, stdout

    for load in loads:
        if load.error:
            complain(f"{load.schema}: not loaded: {load.error}")
        elif load.unchanged:
            stdout().print(f"{load.schema}: nothing new since the last load that brought rows", soft_wrap=True)
        else:
            tables = ", ".join(f"{name} {rows:,}" for name, rows in load.tables.items())
            stdout().print(f"{load.schema}: {tables} rows in {load.seconds:.1f} s", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(load)
    app.command()(refresh)
    app.command()(backfill)
    app.command()(benchmarks)
