"""Reading what stands in the store: list, show, history, runs."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
MetricId = Annotated[str, typer.Argument(metavar="ID")]


def list_(json: Json = False) -> None:
    """Every living metric, what is red first."""
    from datetime import UTC, datetime

    from heartbeat_lib import reading
    from heartbeat_lib.cli.output import print_json, say, stdout, warn, workbench

    with workbench() as bench:
        metrics = reading.metrics(bench)
        clock = reading.clock(bench, datetime.now(UTC))
        if metrics and clock.stands_still:
            warn(clock.sentence(bench.workspace.zone))
        if json:
            print_json(metrics)
            return
        if not metrics:
            say("No metrics yet. `heartbeat new ID` writes a file to fill in; `heartbeat deploy` brings it to life.")
            return
        from heartbeat_lib.cli.render import metric_table

        console = stdout()
        console.print(metric_table(metrics, bench.workspace.zone, width=console.width))


def show(metric_id: MetricId, json: Json = False) -> None:
    """One living metric: number, meaning, trust."""
    from heartbeat_lib import reading
    from heartbeat_lib.cli.output import print_json, stdout, workbench

    with workbench() as bench:
        metric = reading.metric(bench, metric_id)
        if json:
            print_json(metric)
            return
        from heartbeat_lib.cli.render import change_table, metric_sheet

        stdout().print(metric_sheet(metric, bench.workspace.zone))
        stdout().print("\nLast changes; `heartbeat changes` has all:")
        stdout().print(change_table(reading.changes(bench, metric_id, limit=5), bench.workspace.zone))


def history(metric_id: MetricId, json: Json = False) -> None:
    """Every kept period of one metric, retired ones too."""
    from heartbeat_lib import reading
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench

    with workbench() as bench:
        rows = reading.history(bench, metric_id)
        if json:
            print_json(rows)
            return
        if not rows:
            say(f"{metric_id} has no value yet. `heartbeat refresh` computes today's, `heartbeat backfill` the past.")
            return
        from heartbeat_lib.cli.render import history_table

        stdout().print(history_table(rows, bench.workspace.zone))


def runs(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50, json: Json = False
) -> None:
    """The last ticks, loads, backfills and benchmark runs, newest first."""
    from heartbeat_lib import reading
    from heartbeat_lib.cli.output import print_json, stdout, workbench

    with workbench() as bench:
        rows = reading.runs(bench, limit)
        if json:
            print_json(rows)
            return
        from heartbeat_lib.cli.render import run_table

        stdout().print(run_table(rows, bench.workspace.zone))


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command("list")(list_)
    app.command()(show)
    app.command()(history)
    app.command()(runs)
