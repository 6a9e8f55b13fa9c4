"""Discovery, the SQL: candidate draft."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heartbeat_lib.cli.decision_commands import as_number


def draft(
    candidate_id: Annotated[str, typer.Argument(metavar="ID", help="A candidate whose story somebody agreed to.")],
    sql: Annotated[Path, typer.Option(metavar="FILE", help="The value_sql alone; - reads it from stdin.", allow_dash=True)],
    as_of: Annotated[str | None, typer.Option(metavar="T", help="Day or instant; now without it.")] = None,
    rough: Annotated[str | None, typer.Option(metavar="N", help="A second, rough count to hold the value against.")] = None,
    rough_source: Annotated[str | None, typer.Option(metavar="TEXT", help="Where that count is from.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Why a fallback source has to do.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")] = False,
) -> None:
    """Run the SQL of an agreed candidate: value, past, likenesses and six sanity checks."""
    import sys

    from heartbeat_lib.cli.output import print_json, say, stdout, workbench
    from heartbeat_lib.cli.times import instant_or_now
    from heartbeat_lib.discovery.draft import DraftRefused
    from heartbeat_lib.discovery.draft import draft as run

    counted = as_number("--rough", rough) if rough is not None else None
    try:
        text = sys.stdin.read() if str(sql) == "-" else sql.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DraftRefused(f"{sql} cannot be read: {error}. Nothing was run.") from None
    with workbench() as bench:
        made = run(
            bench,
            candidate_id,
            text,
            as_of=instant_or_now(as_of, bench.workspace.zone),
            rough=counted,
            rough_source=rough_source,
            note=note,
        )
    if json:
        print_json(made.json())
        return
    from heartbeat_lib.cli.render_draft import draft_lines

    for line in draft_lines(made):
        stdout().print(line, soft_wrap=True)
    say(f"Next: make it a metric file: heartbeat candidate promote {candidate_id}")


def add_to(candidate_app: typer.Typer) -> None:
    """Register the command below `heartbeat candidate`."""
    candidate_app.command()(draft)
