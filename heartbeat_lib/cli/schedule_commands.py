"""What runs by itself: schedule, up, stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

import typer


def schedule() -> None:
    """The clock: ticks and benchmark runs when they are due."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.processes import announced
    from heartbeat_lib.schedule import Clock, next_due

    with workbench() as bench:
        workspace = bench.workspace
        _ = bench.store  # a store that cannot be opened is told now and not at the first due time
    clock = Clock(workspace, _line(workspace.zone))
    _on_signals(clock.stop)
    with announced(workspace, "schedule"):
        _line(workspace.zone)(f"The clock of {workspace.root} runs: {next_due(workspace)} ({workspace.zone.key}).")
        clock.run()


def up() -> None:
    """Everything this workspace runs, until Ctrl-C."""
    from heartbeat_lib.cli.output import say, workbench
    from heartbeat_lib.processes import announced, living
    from heartbeat_lib.schedule import next_due
    from heartbeat_lib.schedule.up import AlreadyUpError, run_all

    stopping = threading.Event()
    with workbench() as bench:
        workspace, url = bench.workspace, bench.store.masked_url()
        version = f"PostgreSQL {bench.store.server_version}{', embedded' if bench.store.embedded else ''}"
    for other in living(workspace):
        if other.name == "up":
            raise AlreadyUpError(f"This workspace is up already, as process {other.pid}. `heartbeat stop` ends it.")
    _on_signals(stopping.set)
    with announced(workspace, "up"):
        say(f"workspace  {workspace.root}")
        say(f"database   {url} ({version})")
        say(f"clock      {next_due(workspace)} ({workspace.zone.key})")
        say("Ctrl-C ends it, and so does `heartbeat stop` from elsewhere.")
        code = run_all(workspace, say=say, stopping=stopping)
    raise typer.Exit(code)


def stop() -> None:
    """End what this workspace runs: clock and embedded PostgreSQL."""
    from heartbeat_lib.cli.output import stdout
    from heartbeat_lib.processes import end_all
    from heartbeat_lib.store.embedded import EmbeddedServer
    from heartbeat_lib.workspace import Workspace

    workspace = Workspace.find()
    for ended in end_all(workspace):
        stdout().print(f"heartbeat {ended.name} (process {ended.pid}) was ended.")
    stopped = EmbeddedServer(workspace.state).stop()
    stdout().print("The embedded server was stopped." if stopped else "The embedded server was not running.")


def _on_signals(stop_now: Callable[[], None]) -> None:
    import signal

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop_now())


def _line(zone: ZoneInfo) -> Callable[[str], None]:
    from datetime import UTC, datetime

    from heartbeat_lib.cli.output import say

    return lambda line: say(f"{datetime.now(UTC).astimezone(zone):%H:%M:%S} {line}")


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(schedule)
    app.command()(up)
    app.command()(stop)
