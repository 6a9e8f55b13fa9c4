"""What people decide: set, rehearse, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from decimal import Decimal

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
MetricId = Annotated[str, typer.Argument(metavar="ID")]


def set_(
    metric_id: MetricId,
    owner: Annotated[str | None, typer.Option(metavar="MAIL", help="Who stands behind it.")] = None,
    norm: Annotated[str | None, typer.Option(metavar="X", help="Amber from here on.")] = None,
    alert: Annotated[str | None, typer.Option(metavar="X", help="Red from here on.")] = None,
    basis: Annotated[str | None, typer.Option(metavar="TEXT", help="Where the thresholds come from, outside the data.")] = None,
    target: Annotated[str | None, typer.Option(metavar="X", help="Shown, never judged.")] = None,
    due: Annotated[str | None, typer.Option(metavar="DAY", help="By when the target is to be reached.")] = None,
    verified: Annotated[
        bool | None, typer.Option("--verified/--unverified", help="Whether the number can be believed; needs an owner and --why.")
    ] = None,
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="The reason that the record keeps.")] = None,
    if_version: Annotated[int | None, typer.Option(metavar="N", help="Only if nobody changed it since version N.")] = None,
    json: Json = False,
) -> None:
    """Decide about one metric: owner, thresholds, target, verification. An empty value clears."""
    from heartbeat_lib import reading, review, verification
    from heartbeat_lib.cli.output import complain, print_json, stdout, warn, workbench
    from heartbeat_lib.cli.render import decision_lines

    patch: dict[str, Any] = {
        name: value or None
        for name, value in (("owner", owner), ("threshold_basis", basis), ("target_due_date", due))
        if value is not None
    }
    patch |= {
        name: as_number(option, value)
        for name, option, value in (
            ("norm_value", "--norm", norm),
            ("alert_value", "--alert", alert),
            ("target_value", "--target", target),
        )
        if value is not None
    }
    if verified is not None:
        patch["verification_state"] = "verified" if verified else "unverified"
    if not patch:
        raise typer.BadParameter(
            "say what to change: --owner, --norm, --alert, --basis, --target, --due, --verified or --unverified"
        )
    with workbench() as bench:
        before = reading.metric(bench, metric_id)
        decision = verification.decide(
            bench,
            metric_id,
            patch,
            row_version=before["row_version"] if if_version is None else if_version,
            actor=bench.workspace.settings.operator,
            proved=False,
            via="cli",
            reason=why,
        )
        if decision.refusals:
            for refusal in decision.refusals:
                complain(refusal.message)
            raise typer.Exit(1)
        after = reading.metric(bench, metric_id)
        audits = review.latest_audits(bench, metric_id) if verified else []
    if verified and decision.changed and not any(audit["present_meaning"] for audit in audits):
        warn(f"verified without an audit; `heartbeat audit {metric_id}` makes one and `heartbeat review {metric_id}` answers it")
    if json:
        print_json(after)
        return
    for line in decision_lines(before, after):
        stdout().print(line, soft_wrap=True)


def rehearse(
    metric_id: MetricId,
    norm: Annotated[str | None, typer.Option(metavar="X", help="Amber from here on.")] = None,
    alert: Annotated[str | None, typer.Option(metavar="X", help="Red from here on.")] = None,
    json: Json = False,
) -> None:
    """What thresholds would have said of the kept history."""
    from heartbeat_lib import verification
    from heartbeat_lib.cli.output import print_json, stdout, workbench
    from heartbeat_lib.cli.render import rehearsal_lines

    with workbench() as bench:
        done = verification.rehearse(
            bench,
            metric_id,
            norm=as_number("--norm", norm) if norm else None,
            alert=as_number("--alert", alert) if alert else None,
        )
    if json:
        print_json(done.json())
        return
    for line in rehearsal_lines(done):
        stdout().print(line, soft_wrap=True)


def changes(
    metric_id: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="An instant or a day.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 200,
    json: Json = False,
) -> None:
    """Who changed what of the registry, when, through which door and why; newest first."""
    from heartbeat_lib import reading
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench
    from heartbeat_lib.cli.times import day_start_or_instant

    with workbench() as bench:
        zone = bench.workspace.zone
        rows = reading.changes(bench, metric_id, since=day_start_or_instant(since, zone) if since else None, limit=limit)
        if json:
            print_json(rows)
            return
        if not rows:
            say("No changes.")
            return
        from heartbeat_lib.cli.render import change_table

        stdout().print(change_table(rows, zone))


def as_number(option: str, text: str) -> Decimal | None:
    """The number that was typed, None for an empty text.

    Raises
    ------
    typer.BadParameter
        It is no finite number; the message names `option`.
    """
    from decimal import Decimal, InvalidOperation

    if not text:
        return None
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        raise typer.BadParameter(f"{option}: {text!r} is no number; write 12.5 or -3") from None
    if not number.is_finite():
        raise typer.BadParameter(f"{option}: {text!r} is not finite")
    return number


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command("set")(set_)
    app.command()(rehearse)
    app.command()(changes)
