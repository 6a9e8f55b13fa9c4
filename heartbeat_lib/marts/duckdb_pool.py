"""Worker processes for DuckDB, each watched by a thread that may kill it.

A slot is a thread and its process. It takes jobs from one queue, sends them over a socket pair and waits until the
answer, the deadline, a cancel or the death of the process, whichever comes first; then the next job meets a working
process again. Workers are started when first needed, stay warm, and let go of the file when idle, so that somebody
else's writer is not shut out between ticks.

The surprise: a worker dies with the thread that started it, so only a slot's own thread ever starts one.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from heartbeat_lib.marts.child_process import ChildProcess
from heartbeat_lib.marts.engine import LimitExceeded, Limits, MartsError, MartsUnreachable, QueryFailed
from heartbeat_lib.marts.snapshot import Snapshot

IDLE_S = 1.0
START_S = 60.0
OPEN_S = 30.0


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One request for a worker and where its answer goes. `deliver` is called exactly once, from the slot's thread.

    `limit`: how many rows are wanted, where rows are.
    """

    op: str
    sql: str
    tag: str
    timeout_s: float
    snapshot: Snapshot
    deliver: Callable[[Job, Mapping[str, Any] | MartsError], None]
    limit: int | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)


class WorkerPool:
    """A queue of jobs and the slots that take from it."""

    def __init__(self, *, zone: str, limits: Limits, threads: int) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._slots = [_Slot(self._jobs, self._closed, zone=zone, limits=limits, threads=threads) for _ in range(limits.workers)]
        self._started = 0
        self._lock = threading.Lock()

    def submit(self, jobs: list[Job]) -> None:
        """Queue jobs; starts as many slots as there is work for, so that one query starts one process."""
        with self._lock:
            if self._closed.is_set():
                raise MartsUnreachable("The marts were closed.")
            while self._started < min(len(jobs), len(self._slots)):
                self._slots[self._started].start()
                self._started += 1
        for job in jobs:
            self._jobs.put(job)

    def cancel(self, job: Job) -> None:
        """Stop a job, running or waiting; it is delivered as LimitExceeded."""
        job.cancelled.set()
        for slot in self._slots:
            slot.kill_if_running(job)

    def close(self) -> None:
        """Kill every worker; what still waited is delivered as cancelled."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
        for _ in range(self._started):
            self._jobs.put(None)
        for slot in self._slots[: self._started]:
            slot.stop()


class _Slot:
    def __init__(
        self,
        jobs: queue.SimpleQueue[Job | None],
        closed: threading.Event,
        *,
        zone: str,
        limits: Limits,
        threads: int,
    ) -> None:
        self._thread = threading.Thread(target=self._work, name="heartbeat-marts", daemon=True)
        self._jobs, self._closed = jobs, closed
        self._zone, self._limits, self._threads = zone, limits, threads
        self._child: ChildProcess | None = None
        self._ready = False
        self._opened: Snapshot | None = None
        self._running: Job | None = None
        self._guard = threading.Lock()

    def start(self) -> None:
        self._thread.start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_S if self._opened else None)
            except queue.Empty:
                self._let_go()
                continue
            if job is None:
                break
            try:
                outcome = self._outcome(job)
            except Exception as error:
                # Whoever waits for this answer would wait for ever, and the error would be seen by nobody.
                self._end()
                outcome = MartsUnreachable(f"The DuckDB worker failed: {error!r}.")
            job.deliver(job, outcome)
        self._end()

    def stop(self) -> None:
        """Kill whatever runs and wait until the thread has reaped its process."""
        with self._guard:
            if self._child is not None:
                self._child.kill()
        self._thread.join(timeout=5.0)

    def kill_if_running(self, job: Job) -> None:
        with self._guard:
            if self._running is job and self._child is not None:
                self._child.kill()

    def _outcome(self, job: Job) -> Mapping[str, Any] | MartsError:
        """Run one job to its answer or its named failure; afterwards the slot is fit for the next."""
        with self._guard:
            self._running = job
        try:
            if self._is_given_up(job):
                return _cancelled()
            self._open(job.snapshot)
            if self._is_given_up(job):  # cancelled before there was a process to kill
                return _cancelled()
            self._send({"op": job.op, "sql": job.sql, "limit": job.limit})
            reply = self._receive(job.timeout_s)
            if reply.get("spent"):
                self._end()
            return reply
        except MartsError as error:
            return _cancelled() if self._is_given_up(job) else error
        except TimeoutError:
            self._end()
            return LimitExceeded(f"The query took longer than {job.timeout_s:g} s and was stopped.", reason="timeout")
        except (OSError, EOFError, ValueError):  # hung up, or an answer that is none
            code, words = self._end()
            return _cancelled() if self._is_given_up(job) else _death(code, words)
        finally:
            with self._guard:
                self._running = None
            if job.cancelled.is_set():
                self._end()  # the kill may have come after the answer; the next job must not meet it
            if self._child is None and not self._closed.is_set():
                with suppress(OSError):  # the next job will say so
                    self._spawn()  # warms up while the caller looks at the failure

    def _is_given_up(self, job: Job) -> bool:
        return job.cancelled.is_set() or self._closed.is_set()

    def _open(self, snapshot: Snapshot) -> None:
        """A started worker with the snapshot open, or MartsUnreachable."""
        if self._child is not None and self._child.is_dead:
            self._end()  # it died while idle; the query that comes now is not to blame
        reply: dict[str, Any] = {}
        for last_try in (False, True):
            self._start()
            if self._opened is snapshot:
                return
            if snapshot.failed is not None:
                raise snapshot.failed
            try:
                reply = self._ask_to_open(snapshot)
                break
            except (OSError, EOFError) as error:
                self._end()
                if last_try:  # killed once may be chance; twice, it is the file
                    words = f"The marts file {snapshot.path} brought the engine down. Move it away and run `heartbeat load`."
                    raise MartsUnreachable(words) from error
        if "fault" in reply:
            snapshot.failed = MartsUnreachable(f"The marts file {snapshot.path} cannot be read: {reply['message']}")
            raise snapshot.failed
        self._opened = snapshot

    def _start(self) -> None:
        try:
            if self._child is None:
                self._spawn()
            if not self._ready:
                self._receive(START_S)
                self._ready = True
        except (OSError, EOFError) as error:
            _, words = self._end()
            raise MartsUnreachable(f"The DuckDB worker did not start: {words or error!r}.") from error

    def _ask_to_open(self, snapshot: Snapshot) -> dict[str, Any]:
        self._opened = None
        request = {
            "op": "open", "path": str(snapshot.path), "identity": snapshot.identity[:2],
            "zone": self._zone, "threads": self._threads,
        }  # fmt: skip
        self._send(request, snapshot.descriptors())
        return self._receive(OPEN_S)

    def _let_go(self) -> None:
        """Close the file when idle: DuckDB's lock would keep every writer of it out."""
        self._opened = None
        try:
            self._send({"op": "close"})
            self._receive(OPEN_S)
        except (OSError, EOFError):
            self._end()

    def _spawn(self) -> None:
        child = ChildProcess("heartbeat_lib.marts.duckdb_worker", str(self._limits.memory_bytes))
        with self._guard:
            self._child = child
        self._ready, self._opened = False, None

    def _end(self) -> tuple[int, str]:
        """Kill and reap the process. Returns its exit code and the last line it complained with."""
        child, self._opened, self._ready = self._child, None, False
        if child is None:
            return 0, ""
        ended = child.end()
        with self._guard:
            self._child = None
        return ended

    def _send(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        assert self._child is not None
        self._child.send(request, timeout_s=OPEN_S, descriptors=descriptors)

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        assert self._child is not None
        return self._child.receive(timeout_s)


def _cancelled() -> LimitExceeded:
    return LimitExceeded("The query was cancelled.", reason="cancelled")


def _death(code: int, words: str) -> MartsError:
    """Why a worker died that nobody here had killed: for want of memory, or of a crash inside the engine."""
    starved = "bad_alloc" in words or "emory" in words or "annot allocate" in words
    if code == -signal.SIGKILL or starved:
        return LimitExceeded("The query ran out of memory and was stopped.", reason="memory")
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return QueryFailed(f"The engine's process died while it ran the query ({name}).")
