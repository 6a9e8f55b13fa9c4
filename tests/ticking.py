"""A process that ticks, for tests that need several of them or one that dies: `python -m tests.ticking WHAT WORKSPACE ...`.

`dues WORKSPACE FIRST COUNT`: one tick per hour from FIRST on, each as of its due time, as a clock calls them.
`dying WORKSPACE DUE AT VICTIM`: one tick that sends SIGKILL to itself or to the server before its AT-th statement.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from heartbeat_lib import compute, lifecycle
from heartbeat_lib.workbench import Workbench


def dues(workspace: str, first: str, count: str) -> None:
    """Tick at each due time that no other process had; while another is at work, the next due time has not come."""
    with Workbench.open(workspace) as bench:
        due, left = datetime.fromisoformat(first), int(count)
        while left:
            try:
                lifecycle.tick(bench, due=due, now=lambda due=due: due)
                print(due.isoformat(), flush=True)
            except compute.TickRunningError:
                time.sleep(0.005)
                continue
            except compute.DueAlreadyError:
                pass
            due, left = due + timedelta(hours=1), left - 1


def dying(workspace: str, due: str, at: str, victim: str) -> None:
    """Tick, and die or lose the server on the way; prints `whole` where the tick had fewer statements."""
    moment = datetime.fromisoformat(due)
    left = int(at)

    def counted(original):
        def statement(*args, **named):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid() if victim == "self" else _server(workspace), signal.SIGKILL)
            return original(*args, **named)

        return statement

    with Workbench.open(workspace) as bench:
        _ = bench.store
        for name in ("execute", "commit", "rollback"):
            setattr(psycopg.Connection, name, counted(getattr(psycopg.Connection, name)))
        lifecycle.tick(bench, due=moment, now=lambda: moment)
    print("whole" if left > 0 else "past it", flush=True)


def _server(workspace: str) -> int:
    return int((Path(workspace) / ".heartbeat" / "postgres" / "postmaster.pid").read_text("utf-8").split()[0])


if __name__ == "__main__":
    {"dues": dues, "dying": dying}[sys.argv[1]](*sys.argv[2:])
