"""The long-running processes of a workspace on this machine: announced by a file each, found and ended from elsewhere.

A file under `.heartbeat/processes/` names a process by number and birth, so a number that the system gave away again is
never mistaken for it. Ending a process ends everything that it started.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat_lib.workspace import Workspace

if TYPE_CHECKING:
    import psutil

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A living process: its `heartbeat` command and its number."""

    name: str
    pid: int


@contextmanager
def announced(workspace: Workspace, name: str) -> Iterator[None]:
    """Tell others, for the time of the block, that this process is the workspace's `name`."""
    import psutil

    folder = _folder(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.{os.getpid()}.json"
    born = psutil.Process().create_time()
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({"name": name, "pid": os.getpid(), "born": born}), "utf-8")
    beside.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def living(workspace: Workspace) -> list[Announced]:
    """Announced processes that are alive, by name; what dead ones left behind is removed."""
    return [Announced(name=name, pid=process.pid) for name, process in _living(workspace)]


def end_all(workspace: Workspace) -> list[Announced]:
    """End every announced process: SIGTERM, and SIGKILL for what is still there after ten seconds.

    Returns
    -------
    list of Announced
        What was alive.
    """
    found = _living(workspace)
    stop(process.pid for _, process in found)
    return [Announced(name=name, pid=process.pid) for name, process in found]


def stop(pids: Iterable[int]) -> None:
    """SIGTERM to each process; whatever of it or below it is still there after ten seconds is killed."""
    trees = [members for pid in pids if (members := tree(pid))]
    for top, *_ in trees:
        with suppress(_gone()):
            top.terminate()
    end([member for members in trees for member in members], patience_s=_PATIENCE_S)


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything it started, itself first; empty where it is gone."""
    import psutil

    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end(members: list[psutil.Process], *, patience_s: float = 0.0) -> None:
    """Wait for processes to end by themselves; kill those that are there after `patience_s` seconds."""
    left = _wait(members, patience_s)
    for process in left:
        with suppress(_gone()):
            process.kill()
    _wait(left, _PATIENCE_S)


def _wait(members: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are alive after so long, or as soon as none is."""
    deadline = time.monotonic() + seconds
    while (members := [process for process in members if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return members


def _lives(process: psutil.Process) -> bool:
    """Dead but not yet fetched by its parent is dead: some parents never fetch."""
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _living(workspace: Workspace) -> list[tuple[str, psutil.Process]]:
    import psutil

    found: list[tuple[str, psutil.Process]] = []
    for file in sorted(_folder(workspace).glob("*.json")):
        try:
            noted = json.loads(file.read_text("utf-8"))
            process = psutil.Process(noted["pid"])
            if abs(process.create_time() - noted["born"]) > 1 or not _lives(process):
                raise psutil.NoSuchProcess(noted["pid"])
            found.append((noted["name"], process))
        except (psutil.NoSuchProcess, FileNotFoundError, ValueError, KeyError):
            file.unlink(missing_ok=True)
    return found


def _gone() -> type[Exception]:
    import psutil

    return psutil.NoSuchProcess


def _folder(workspace: Workspace) -> Path:
    return workspace.state / "processes"
