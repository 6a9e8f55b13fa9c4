"""`heartbeat up`: everything that a workspace runs, as processes of one parent that ends them together."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

from heartbeat_lib import processes
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.workspace import Workspace


class AlreadyUpError(HeartbeatError):
    """`heartbeat up` runs in this workspace already."""


SERVICES = {"schedule": [], "api": [], "cockpit": ["--no-browser"]}
"""The `heartbeat` commands that `up` runs, and what each is told. They show their addresses themselves."""


def run_all(workspace: Workspace, *, say: Callable[[str], None], stopping: threading.Event) -> int:
    """Start every service, show its process, and wait until `stopping` is set or one of them ends.

    A service that runs in this workspace already, started by itself, is left to whoever started it.

    Returns
    -------
    int
        0 where it was stopped; 1 where a service ended by itself, which ends the others too.
    """
    already = {process.name: process.pid for process in processes.living(workspace)}
    for name in (name for name in SERVICES if name in already):
        say(f"{name:<11}runs already, as process {already[name]}")
    running = {name: _start(workspace, name) for name in SERVICES if name not in already}
    for name, process in running.items():
        say(f"{name:<11}process {process.pid}")
    try:
        while not stopping.wait(0.5):
            for name, process in running.items():
                if process.poll() is not None:
                    say(f"{name} ended by itself with code {process.returncode}; everything else is ended too.")
                    return 1
        return 0
    finally:
        processes.stop(process.pid for process in running.values())
        for process in running.values():
            process.wait()


def _start(workspace: Workspace, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "heartbeat_lib.cli", "--workspace", str(workspace.root), name, *SERVICES[name]]
    )
