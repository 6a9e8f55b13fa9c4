"""The workspace itself: init, doctor, lab."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    operator: Annotated[str | None, typer.Option(metavar="MAIL", help="Who works here; default: git's user.email.")] = None,
) -> None:
    """Make DIR a workspace."""
    import getpass
    import socket

    from heartbeat_lib.cli.output import say, stdout
    from heartbeat_lib.workspace import create, git_email, machine_zone

    if operator is None:
        known = git_email(folder if folder.is_dir() else Path.cwd())
        if sys.stdin.isatty() and sys.stdout.isatty():
            operator = typer.prompt("Who is the operator (an e-mail address)?", default=known)
        else:
            operator = known or f"{getpass.getuser()}@{socket.gethostname()}"
    workspace = create(folder, operator=operator or "", zone=machine_zone())
    stdout().print(f"{workspace.root}: a workspace, operator {operator}, zone {workspace.zone.key}", soft_wrap=True)
    say("Next, in that folder: heartbeat load SCHEMA FOLDER, heartbeat new ID, heartbeat deploy.")


def doctor(
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print the database URL whole.")] = False,
    json: Json = False,
) -> None:
    """What is configured, missing or tampered with."""
    from heartbeat_lib.cli.output import print_json, stdout
    from heartbeat_lib.doctor import examine
    from heartbeat_lib.workbench import Workbench

    with Workbench.open() as bench:
        examined = examine(bench, show_secrets=show_secrets)
    if json:
        print_json(examined.json())
    else:
        for line in examined.lines():
            stdout().print(line, soft_wrap=True)
    if examined.errors:
        raise typer.Exit(1)


def lab(
    port: Annotated[int | None, typer.Option(help="Port; default: JupyterLab's own choice.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
) -> None:
    """JupyterLab on this workspace."""
    from heartbeat_lib.cli.output import say
    from heartbeat_lib.notebooks import offer_copy
    from heartbeat_lib.workspace import Workspace

    workspace = Workspace.find()
    if sys.stdin.isatty():
        missing = offer_copy(workspace)
        if missing and typer.confirm(
            "This workspace has no notebooks of its own. Copy Heartbeat's into notebooks/ to edit them?"
        ):
            for path in missing.copy():
                say(f"copied {workspace.relative(path)}")
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={workspace.root}"]
    # Nothing leaves the machine: JupyterLab would look for news and for a newer self.
    words += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    words += [f"--ServerApp.port={port}"] if port is not None else []
    words += ["--no-browser"] if no_browser else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    os.environ["HEARTBEAT_WORKSPACE"] = str(workspace.root)
    os.chdir(workspace.root)
    os.execv(words[0], words)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(init)
    app.command()(doctor)
    app.command()(lab)
