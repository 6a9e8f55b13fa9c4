"""What owners answer: review, reviews, count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from heartbeat_lib.cli.decision_commands import as_number

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

MetricId = Annotated[str, typer.Argument(metavar="ID")]


def review(
    metric_id: MetricId,
    outcome: Annotated[str, typer.Option(metavar="OUTCOME", help="agrees, wrong-number, wrong-thresholds or not-worth-keeping.")],
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="What convinced; the record keeps it.")] = None,
    norm: Annotated[str | None, typer.Option(metavar="X", help="With wrong-thresholds: amber from here on.")] = None,
    alert: Annotated[str | None, typer.Option(metavar="X", help="With wrong-thresholds: red from here on.")] = None,
    basis: Annotated[str | None, typer.Option(metavar="TEXT", help="Where those thresholds come from, outside the data.")] = None,
    if_version: Annotated[int | None, typer.Option(metavar="N", help="Only if nobody changed it since version N.")] = None,
) -> None:
    """Answer the newest audit of one metric."""
    from datetime import UTC, datetime

    from heartbeat_lib import reading
    from heartbeat_lib import review as room
    from heartbeat_lib.cli.output import complain, stdout, warn, workbench
    from heartbeat_lib.cli.render import decision_lines

    if outcome not in list(room.Outcome):
        raise typer.BadParameter(f"--outcome: {outcome!r} is none; write {', '.join(room.Outcome)}")
    patch = {
        name: as_number(option, text) for name, option, text in _thresholds(norm, alert) if text is not None
    } | ({} if basis is None else {"threshold_basis": basis or None})  # fmt: skip
    with workbench() as bench:
        before = reading.metric(bench, metric_id)
        done = room.decide_review(
            bench,
            metric_id,
            outcome,
            why=why,
            patch=patch,
            row_version=before["row_version"] if if_version is None else if_version,
            actor=bench.workspace.settings.operator,
            proved=False,
            via="cli",
        )
        if done.refusals:
            for refusal in done.refusals:
                complain(refusal.message)
            raise typer.Exit(1)
        after = reading.metric(bench, metric_id)
        (audit,) = room.latest_audits(bench, metric_id)
        now_waits = [row for row in room.waiting(bench, datetime.now(UTC)) if row["metric_id"] == metric_id]
    stdout().print(f"Kept: {outcome}, about {audit['report']}.", soft_wrap=True)
    if outcome == room.Outcome.AGREES and audit["verdict"] == "fails":
        warn(f"that audit says that the number fails, and {metric_id} is verified all the same: its report names why.")
    for line in decision_lines(before, after):
        stdout().print(line, soft_wrap=True)
    for row in now_waits:
        stdout().print(f"It waits for {row['whom']}{': ' + row['command'] if row['command'] else '.'}", soft_wrap=True)


def reviews(json: Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")] = False) -> None:
    """What waits for a person: for whom, why and since when; oldest first."""
    from datetime import UTC, datetime

    from heartbeat_lib import review as room
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench

    with workbench() as bench:
        rows = room.waiting(bench, datetime.now(UTC))
        if json:
            print_json(rows)
            return
        if not rows:
            say("Nothing waits.")
            return
        from heartbeat_lib.cli.render_reviews import waiting_table

        stdout().print(waiting_table(rows, bench.workspace.zone))


def count(
    metric_id: MetricId,
    period: Annotated[str, typer.Option(metavar="D", help="A day in the period; for an hour an instant.")],
    value: Annotated[str, typer.Option(metavar="V", help="What was counted, with the digits that are sure.")],
    source: Annotated[str, typer.Option("--from", metavar="REPORT", help="From which report it is.")],
) -> None:
    """Keep a number that was counted by hand; audits and deploys are held against it."""
    from datetime import UTC, datetime

    from heartbeat_lib import review as room
    from heartbeat_lib.cli.output import complain, stdout, workbench

    counted = as_number("--value", value)
    if counted is None:
        raise typer.BadParameter("--value: say what was counted")
    with workbench() as bench:
        zone = bench.workspace.zone
        done = room.count_by_hand(
            bench,
            metric_id,
            period=_day_or_instant(period, zone),
            value=counted,
            source=source,
            actor=bench.workspace.settings.operator,
            proved=False,
            via="cli",
            now=datetime.now(UTC),
        )
    if done.refusals or done.period is None:
        for refusal in done.refusals:
            complain(refusal.message)
        raise typer.Exit(1)
    kept = f"{metric_id}, {done.period.grain} {done.period.label(zone)}: {counted} (from {source})"
    stdout().print(f"Kept: {kept}.", soft_wrap=True)


def _thresholds(norm: str | None, alert: str | None) -> tuple[tuple[str, str, str | None], ...]:
    return (("norm_value", "--norm", norm), ("alert_value", "--alert", alert))


def _day_or_instant(text: str, zone: ZoneInfo) -> date | datetime:
    from datetime import date

    from heartbeat_lib.cli.times import instant

    try:
        return date.fromisoformat(text)
    except ValueError:
        return instant(text, zone)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(review)
    app.command()(reviews)
    app.command()(count)
