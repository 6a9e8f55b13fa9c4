"""Inside the process that loads sources: one job after another, until the parent hangs up or kills it.

Started by `load_worker` with one end of a socket pair; jobs, steps and answers are JSON, one a line. "Ready" is said once
dlt is imported, so that no source's deadline pays for that. Whatever a load raises is an answer, never the end.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.marts.dlt_run import warm_up
from heartbeat_lib.marts.duckdb_worker import die_with_parent
from heartbeat_lib.marts.load import load_folder
from heartbeat_lib.marts.load_notes import LoadResult
from heartbeat_lib.marts.loading import Progress
from heartbeat_lib.marts.pipeline import load_pipeline
from heartbeat_lib.model.errors import HeartbeatError


def _run(request: Mapping[str, Any], project: Path, state_dir: Path, progress: Progress) -> LoadResult:
    """One job, in the worker. Raises LoadError."""
    marts, schema, wait_s = Path(request["marts"]), request["schema"], request["wait_s"]
    if request["pipeline"] is not None:
        return load_pipeline(
            marts,
            schema=schema,
            file=Path(request["pipeline"]),
            project=project,
            state_dir=state_dir,
            progress=progress,
            wait_s=wait_s,
        )
    return load_folder(
        marts,
        schema=schema,
        folder=Path(request["folder"]),
        zone=ZoneInfo(request["zone"]),
        key=request["key"],
        state_dir=state_dir,
        unless_unchanged=True,
        progress=progress,
        wait_s=wait_s,
    )


def _serve(channel: socket.socket, project: Path, state_dir: Path) -> None:
    def tell(reply: Mapping[str, Any]) -> None:
        channel.sendall(json.dumps(reply, default=str).encode() + b"\n")

    warm_up(state_dir)
    tell({"ready": True})
    for line in channel.makefile("rb"):
        try:
            result = _run(json.loads(line), project, state_dir, lambda *step: tell({"step": step}))
            tell({**asdict(result), "inserted_at": result.inserted_at.isoformat()})
        except HeartbeatError as error:
            tell({"error": str(error)})
        except Exception as error:  # a fault of ours or of the machine; the other sources are to be loaded all the same
            tell({"error": f"{type(error).__name__}: {error}"})


def main() -> None:
    """`python -m heartbeat_lib.marts.load_process FD PARENT PROJECT STATE_DIR`."""
    die_with_parent(int(sys.argv[2]))
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    _serve(channel, Path(sys.argv[3]), Path(sys.argv[4]))


if __name__ == "__main__":
    main()
