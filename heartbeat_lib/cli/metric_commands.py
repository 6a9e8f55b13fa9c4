"""Metric files: new, check, try, deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def new(metric_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Write db/metrics/ID.sql, a metric file to fill in."""
    from heartbeat_lib.cli.output import say, stdout
    from heartbeat_lib.registration.template import write_new
    from heartbeat_lib.workspace import Workspace

    workspace = Workspace.find()
    path = write_new(workspace, metric_id)
    stdout().print(workspace.relative(path))
    say(f"Fill it in, then: heartbeat try {metric_id}, and heartbeat deploy.")


def check(files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...")] = None, json: Json = False) -> None:
    """Judge metric files: every finding of all at once."""
    from heartbeat_lib import registration
    from heartbeat_lib.cli.output import print_findings, print_json, say, workbench

    with workbench() as bench:
        checked = registration.check(bench.workspace, files or None)
    if json:
        print_json([finding.json() for finding in checked.findings])
    else:
        print_findings(checked.findings)
        judged = len(checked.files)
        warnings = len(checked.findings) - len(checked.errors)
        say(f"{judged} {_plural(judged, 'file')}: {_count(len(checked.errors), 'error')}, {_count(warnings, 'warning')}.")
    if checked.errors:
        raise typer.Exit(1)


def try_(
    target: Annotated[str, typer.Argument(metavar="FILE|ID")],
    as_of: Annotated[str | None, typer.Option(help="An instant or a day; default: now.")] = None,
    json: Json = False,
) -> None:
    """Run one metric once; writes nothing."""
    from heartbeat_lib import lifecycle
    from heartbeat_lib.cli.output import print_findings, print_json, stdout, workbench
    from heartbeat_lib.cli.render import trial_lines
    from heartbeat_lib.cli.times import instant_or_now
    from heartbeat_lib.registration import DeployRefused

    with workbench() as bench:
        try:
            trial = lifecycle.try_metric(bench, target, as_of=instant_or_now(as_of, bench.workspace.zone))
        except DeployRefused as refused:
            print_findings(refused.findings)
            raise typer.Exit(1) from None
        if json:
            print_json(trial.json())
        else:
            print_findings(trial.findings)
            for line in trial_lines(trial):
                stdout().print(line, soft_wrap=True)
    if trial.outcome.failed:
        raise typer.Exit(1)


def deploy(
    plan: Annotated[bool, typer.Option("--plan", help="Show what would happen; change nothing.")] = False,
    allow_retirements: Annotated[int | None, typer.Option(min=0, help="How many metrics may be retired.")] = None,
    why: Annotated[str | None, typer.Option(help="The reason that the record keeps.")] = None,
    json: Json = False,
) -> None:
    """Make the registry equal to db/metrics/, all or nothing."""
    from heartbeat_lib import lifecycle
    from heartbeat_lib.cli.output import complain, print_findings, print_json, say, stdout, workbench
    from heartbeat_lib.cli.render import plan_lines
    from heartbeat_lib.registration import DeployRefused, Plan, blocking

    with workbench() as bench:
        try:
            if plan:
                done = lifecycle.plan_deploy(bench, allow_retirements=allow_retirements)
            else:
                done = lifecycle.deploy(bench, allow_retirements=allow_retirements, reason=why, say=say)
        except DeployRefused as refused:
            if json:
                print_json(Plan(version=0).json(refused.findings))
            else:
                print_findings(refused.findings)
                complain(str(refused))
            raise typer.Exit(1) from None
    if json:
        print_json(done.plan.json(done.findings))
    else:
        print_findings(done.findings)
        for line in plan_lines(done.plan, planned=plan):
            stdout().print(line, soft_wrap=True)
    if blocking(done.findings):
        raise typer.Exit(1)


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _count(count: int, word: str) -> str:
    return f"{count} {_plural(count, word)}"


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(new)
    app.command()(check)
    app.command("try")(try_)
    app.command()(deploy)
