"""Owner review, the evidence: audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat_lib.audit.chosen import Written
    from heartbeat_lib.workbench import Workbench

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def audit(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="T", help="An instant or a day; default: now.")] = None,
    hand_count: Annotated[
        str | None, typer.Option(metavar="X", help="What a person counted for that period; one ID, this audit alone.")
    ] = None,
    rebuild_sql: Annotated[
        str | None, typer.Option(metavar="TEXT|@FILE", help="Another SELECT that leads to the number; one ID, this audit alone.")
    ] = None,
    auditor: Annotated[str | None, typer.Option(metavar="MAIL", help="Who looks; default: the operator.")] = None,
    all_unverified: Annotated[bool, typer.Option("--all-unverified", help="Every metric that nobody signed.")] = False,
    older_than: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Every metric not looked at for so long, such as 90d, or never.")
    ] = None,
    json: Json = False,
) -> None:
    """Look whether a number can be believed, and write a dated report.

    Five layers: methodology, live source, independent rebuild, history, red and action. Exits 0 whatever the verdict is, and 1
    where something could not be looked at because it failed; the report then says what.
    """
    from heartbeat_lib.audit.asked import Asked
    from heartbeat_lib.cli.output import print_json, progress_bar, say, workbench
    from heartbeat_lib.cli.times import instant_or_now
    from heartbeat_lib.schedule.audits import run_audits

    batch = all_unverified or older_than is not None or len(ids or ()) > 1
    if not ids and not batch:
        raise typer.BadParameter("name a metric, or say --all-unverified or --older-than 90d")
    if batch and (hand_count or rebuild_sql):
        raise typer.BadParameter("--hand-count and --rebuild-sql speak of one metric")
    with workbench() as bench, progress_bar("Auditing") as progress:
        moment = instant_or_now(as_of, bench.workspace.zone).isoformat() if as_of else ""
        chosen = _chosen(bench, ids or [], all_unverified=all_unverified, older_than=older_than)
        asked = [
            Asked(
                metric_id=metric_id,
                as_of=moment,
                hand_count=hand_count or "",
                rebuild_sql=_text(rebuild_sql) if rebuild_sql else "",
                auditor=auditor or "",
            )
            for metric_id in chosen
        ]
        done: list[Written] = []
        for found in run_audits(bench, asked):
            done.append(found)
            progress(len(done), len(asked))
    if json:
        print_json([one.json() for one in done] if batch else done[0].json())
    elif not done:
        say("Nothing to audit.")
    else:
        _show(done)
    if any(one.broken for one in done):
        raise typer.Exit(1)


def _chosen(bench: Workbench, ids: list[str], *, all_unverified: bool, older_than: str | None) -> list[str]:
    """Those named, in that order and even where they are not alive, which the audit refuses; then the others by id."""
    named = list(dict.fromkeys(ids))
    if not all_unverified and older_than is None:
        return named
    from datetime import UTC, datetime

    from heartbeat_lib.audit.chosen import wanted
    from heartbeat_lib.settings import span

    try:
        before = None if older_than is None else datetime.now(UTC) - span(older_than)
    except ValueError as error:
        raise typer.BadParameter(f"--older-than: {error}") from None
    return [*named, *(one for one in wanted(bench, unverified=all_unverified, older_than=before) if one not in named)]


def _text(given: str) -> str:
    """The text itself, or with @ that of a file."""
    if not given.startswith("@"):
        return given
    from pathlib import Path

    try:
        return Path(given[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--rebuild-sql: {given[1:]} cannot be read: {error}") from None


def _show(done: Sequence[Written]) -> None:
    from heartbeat_lib.cli.output import stdout
    from heartbeat_lib.cli.render_audits import audit_lines, audit_table

    if len(done) > 1:
        stdout().print(audit_table(done))
        return
    for line in audit_lines(done[0]):
        stdout().print(line, soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register this command."""
    app.command()(audit)
