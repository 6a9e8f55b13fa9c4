"""`heartbeat`: the commands, and the one place where errors become exit codes.

Exit 0: it ran and wrote its record. 1: refused, failed as a whole, or findings of severity `error`. 2: wrong use.
Heavy imports wait inside the commands, so that `heartbeat --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from heartbeat_lib.cli import (
    api_commands,
    audit_commands,
    candidate_commands,
    clock_commands,
    cockpit_commands,
    decision_commands,
    discovery_commands,
    draft_commands,
    metric_commands,
    reading_commands,
    review_commands,
    schedule_commands,
    token_commands,
    workspace_commands,
)

app = typer.Typer(
    name="heartbeat",
    help="Business metrics that somebody stands behind.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _options(
    workspace: Annotated[
        Path | None,
        typer.Option(help="The workspace; default: the nearest folder upward with a heartbeat.toml."),
    ] = None,
) -> None:
    if workspace is not None:
        os.environ["HEARTBEAT_WORKSPACE"] = str(workspace)


for module in (
    workspace_commands,
    candidate_commands,
    metric_commands,
    clock_commands,
    decision_commands,
    review_commands,
    audit_commands,
    discovery_commands,
    reading_commands,
    schedule_commands,
    api_commands,
    cockpit_commands,
    token_commands,
):
    module.add_to(app)
draft_commands.add_to(candidate_commands.candidate_app)


def main() -> None:
    """Run the command line of this process and exit."""
    from heartbeat_lib.model.errors import HeartbeatError

    try:
        app(args=_workspace_first(sys.argv[1:]), standalone_mode=True)
    except HeartbeatError as error:
        from heartbeat_lib.cli.output import complain

        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe (`head`) left; Python would complain once more while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _workspace_first(words: list[str]) -> list[str]:
    """`heartbeat list --workspace DIR` means what `heartbeat --workspace DIR list` means."""
    for at, word in enumerate(words):
        if word == "--":
            break
        if word == "--workspace" and at + 1 < len(words):
            return [*words[at : at + 2], *words[:at], *words[at + 2 :]]
        if word.startswith("--workspace="):
            return [word, *words[:at], *words[at + 1 :]]
    return words
