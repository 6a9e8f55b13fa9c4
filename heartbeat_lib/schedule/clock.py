"""`heartbeat schedule`: waits for the next due instant and runs its notebooks in a child process, for as long as it lives.

What is due is decided by the crontab lines and the finished runs in the store, never by what this process remembers: so a
clock that was down, asleep or busy makes one tick of all it missed, and of two clocks one finds the work done. A long tick
never overlaps the next; when it ends, the clock looks again. SIGTERM ends everything at once and discards what was running.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from heartbeat_lib import compute, notebooks, processes
from heartbeat_lib.audit.chosen import still_due
from heartbeat_lib.model.cron import Cron
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.schedule.job import LEFT_TO_ANOTHER
from heartbeat_lib.settings import ScheduledAudit
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace

Kind = Literal["tick", "benchmarks", "audit"]
_NOTEBOOKS: dict[Kind, str] = {"tick": "operate/refresh.ipynb", "benchmarks": "operate/benchmarks.ipynb"}
_AGAIN_S = 60.0
"""Seconds until a store that does not answer is asked again."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the clock calls, and when. `which`: the metrics of an audit; None for the others."""

    kind: Kind
    cron: Cron
    which: ScheduledAudit | None = None

    def is_due(self, workbench: Workbench, due: datetime) -> bool:
        """Whether the store still lacks what was due at `due`."""
        if self.which is None:
            return compute.is_due(workbench.store, self.kind, due)
        return bool(still_due(workbench, self.which, due))

    def command(self, workspace: Workspace, record: Path, due: datetime) -> list[str]:
        """The module that does it, and its words. `record` is where a single notebook is kept; audits keep one per metric."""
        if self.which is None:
            notebook = notebooks.find(workspace, _NOTEBOOKS[self.kind])
            return ["heartbeat_lib.schedule.job", str(notebook), str(record), due.isoformat()]
        older = None if self.which.older_than is None else f"{self.which.older_than // timedelta(minutes=1)}m"
        asked = self.which.model_dump(exclude={"older_than"}) | {"older_than": older}
        return ["heartbeat_lib.schedule.audits", due.isoformat(), json.dumps(asked)]


def jobs(workspace: Workspace) -> list[Job]:
    """All that the workspace's crontab lines call, in its zone."""
    schedule, zone = workspace.settings.schedule, workspace.zone
    audits = [Job("audit", Cron(which.cron, zone), which) for which in schedule.audit]
    return [Job("tick", Cron(schedule.tick, zone)), Job("benchmarks", Cron(schedule.benchmarks, zone)), *audits]


def next_due(workspace: Workspace) -> str:
    """When each job is due next, in words and in the workspace's zone."""
    now = datetime.now(UTC)
    words: list[str] = []
    for job in jobs(workspace):
        due = job.cron.next(now)
        when = f"next at {due.astimezone(workspace.zone):%Y-%m-%d %H:%M}" if due else "never due"
        words.append(f"{job.kind} {when}")
    return ", ".join(words)


class _Due(BaseTrigger):
    """A crontab line as APScheduler wants it."""

    def __init__(self, cron: Cron) -> None:
        self._cron = cron

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> Any:
        # The earlier of both, so that a machine's clock that was set back is followed.
        return self._cron.next(min(previous_fire_time, now) if previous_fire_time else now)


class Clock:
    """One clock of one workspace. `run` blocks until `stop` is called, from a signal handler or another thread."""

    def __init__(self, workspace: Workspace, say: Callable[[str], None]) -> None:
        self.workspace = workspace
        self._jobs = jobs(workspace)
        self._say = say
        self._stopping = threading.Event()
        self._children: set[int] = set()

    def stop(self) -> None:
        """End `run`; what is running is killed and counts for nothing."""
        self._stopping.set()

    def run(self) -> None:
        """Call what is due until stopped. What became due while no clock ran is called at once, as one."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it would warn of every due time that a long tick outlives
        scheduler = BackgroundScheduler(
            timezone=self.workspace.zone,
            # However late: the due instant is the identity, and being late is no reason to skip it.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        now = datetime.now(self.workspace.zone)
        for job in self._jobs:
            scheduler.add_job(self._call, _Due(job.cron), args=[job], next_run_time=now)
        scheduler.start()
        try:
            while not self._stopping.wait(3600):  # a wait without end would keep Python from seeing signals on some systems
                pass
        finally:
            self._stopping.set()
            for pid in tuple(self._children):
                processes.end(processes.tree(pid))
            scheduler.shutdown(wait=True)
            self._close_lost()

    def _call(self, job: Job) -> None:
        """Run what is due of one job, and again while something became due meanwhile."""
        done: datetime | None = None
        while not self._stopping.is_set():
            due = job.cron.latest(datetime.now(UTC))
            if due is None or due == done:
                return
            try:
                with Workbench(self.workspace) as bench:
                    is_due = job.is_due(bench, due)
            except HeartbeatError as error:
                self._say(f"{job.kind} due {self._clock_time(due)}: waits for the database: {error}")
                self._stopping.wait(_AGAIN_S)
                continue
            if is_due:
                try:
                    self._run(job, due)
                except Exception as error:  # a full disk must not end the clock
                    self._say(f"{job.kind} due {self._clock_time(due)}: {type(error).__name__}: {error}")
            done = due

    def _run(self, job: Job, due: datetime) -> None:
        record = self._record_path(job.kind, due)
        started = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, "-m", *job.command(self.workspace, record, due)],
            env=os.environ | {"HEARTBEAT_WORKSPACE": str(self.workspace.root)},
            cwd=self.workspace.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._children.add(child.pid)
        if self._stopping.is_set():
            processes.end(processes.tree(child.pid))
        _, errors = child.communicate()
        self._children.discard(child.pid)
        name = f"{job.kind} due {self._clock_time(due)}"
        if self._stopping.is_set():
            self._say(f"{name}: discarded")
            return
        took = time.monotonic() - started
        shown = self.workspace.relative(record) if record.exists() else None
        if child.returncode == LEFT_TO_ANOTHER:
            self._say(f"{name}: another clock has it")
        elif child.returncode == 0:
            self._say(f"{name}: done in {took:.1f} s{f', {shown}' if shown else ''}")
        else:
            why = (errors.strip().splitlines() or [f"the process ended with code {child.returncode}"])[-1]
            self._say(f"{name}: failed after {took:.1f} s: {why}{f' ({shown})' if shown else ''}")
            self._note_failure(job.kind, due, shown, why)
        self._sweep()

    def _note_failure(self, kind: Kind, due: datetime, notebook: str | None, why: str) -> None:
        """A run that failed before it could write that itself."""
        try:
            with Workbench(self.workspace) as bench:
                actor = self.workspace.settings.operator
                compute.note_failure(bench.store, kind, due=due, actor=actor, notebook=notebook, error=why)
        except HeartbeatError as error:
            self._say(f"the failure could not be recorded: {error}")

    def _close_lost(self) -> None:
        try:
            with Workbench(self.workspace) as bench:
                compute.abort_lost_runs(bench.store)
        except HeartbeatError:
            pass  # no store, no record; the next run closes it

    def _record_path(self, kind: Kind, due: datetime) -> Path:
        folder = self.workspace.runs
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{due:%Y-%m-%dT%H%M}Z-{kind}"
        names = (f"{stem}{f'-{again}' if again > 1 else ''}.ipynb" for again in range(1, 1000))
        return next(folder / name for name in names if not (folder / name).exists())

    def _sweep(self) -> None:
        """Remove records older than the workspace keeps them."""
        oldest = time.time() - self.workspace.settings.schedule.keep.total_seconds()
        for record in self.workspace.runs.glob("*.ipynb"):
            if record.stat().st_mtime < oldest:
                record.unlink(missing_ok=True)

    def _clock_time(self, due: datetime) -> str:
        return f"{due.astimezone(self.workspace.zone):%Y-%m-%d %H:%M}"
