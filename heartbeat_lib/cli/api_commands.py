"""The HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer


def api(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="On 127.0.0.1; default: 8717, or as heartbeat.toml says.")
    ] = None,
) -> None:
    """Serve the HTTP API on this machine, until Ctrl-C."""
    from heartbeat_lib.api import serve
    from heartbeat_lib.cli.output import say, workbench
    from heartbeat_lib.processes import announced

    with workbench() as bench:
        _ = bench.store  # a store that cannot be opened is told now and not to the first who asks
        settings = bench.workspace.settings
        with announced(bench.workspace, "api"):
            serve(
                bench,
                settings.api.port if port is None else port,
                ready=lambda address: say(f"api        {address}/api/metrics (described at {address}/api/docs)"),
            )


def add_to(app: typer.Typer) -> None:
    """Register this command."""
    app.command()(api)
