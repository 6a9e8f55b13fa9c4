"""The cockpit's page."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer


def cockpit(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default: 8718, or as heartbeat.toml says; 0 takes a free one.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen; anything but this machine alone asks for a token.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open nothing.")] = False,
    wall: Annotated[bool, typer.Option("--wall", help="The address for a screen on the wall.")] = False,
) -> None:
    """Serve the cockpit, the page where owners live, until Ctrl-C."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.cockpit.server import serve
    from heartbeat_lib.processes import announced

    with workbench() as bench:
        _ = bench.store  # a store that cannot be opened is told now and not on the page; migrated, it suits the operator's login
        workspace = bench.workspace

    def ready(address: str) -> None:
        address += "#wall" if wall else ""
        print(address, flush=True)
        if not no_browser and sys.stdout.isatty() and _has_display():
            _open(address)

    with announced(workspace, "cockpit"):
        serve(workspace, host=host, port=workspace.settings.cockpit.port if port is None else port, ready=ready)


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _open(address: str) -> None:
    import threading
    import webbrowser

    # Some browsers do not return before they are closed.
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def add_to(app: typer.Typer) -> None:
    """Register this command."""
    app.command()(cockpit)
