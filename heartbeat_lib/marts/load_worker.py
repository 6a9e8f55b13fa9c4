"""The process in which sources are loaded, so that a load that never ends can be ended by killing it.

One worker serves all sources of a pass, because dlt takes 2 s to import. It is started with the first load, killed with
its whole process group at a source's deadline, and started anew for the next. Killing is safe: a load works on a copy and
is swapped in, and the next load removes what was left. `load_process` is the other end.

The surprise: the worker dies with the thread that started it (PR_SET_PDEATHSIG counts threads), so `load` and `close`
belong into one thread.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from heartbeat_lib.marts.load_errors import LoadDeadlineError, LoadError, LoadWorkerDiedError
from heartbeat_lib.marts.load_notes import LoadResult
from heartbeat_lib.marts.swap import WAIT_S

if TYPE_CHECKING:
    from heartbeat_lib.marts.loading import Progress

START_S = 60.0
SEND_S = 30.0
DYING_S = 5.0
# Of the deadline; then who holds the marts can still be named, which the kill could not do.
WAIT_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """One source to load: either `folder` or `pipeline` is given; `zone` and `key` speak of a folder's files."""

    schema: str
    marts: Path
    folder: Path | None = None
    pipeline: Path | None = None
    zone: str = "UTC"
    key: tuple[str, ...] = ()


class LoadWorker:
    """A process that loads one source after another; a context manager that leaves none behind.

    Parameters
    ----------
    project
        The workspace's folder: the worker runs in it.
    state_dir
        Where dlt may work; nothing stays there.
    """

    def __init__(self, *, project: Path, state_dir: Path) -> None:
        self._project, self._state_dir = project, state_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._complaints: IO[bytes] | None = None
        self._buffer = b""

    @property
    def pid(self) -> int | None:
        """The living worker's process id; None before the first load and after a kill."""
        return self._process.pid if self._process else None

    def load(self, job: LoadJob, *, deadline_s: float, progress: Progress | None = None) -> LoadResult:
        """Load one source; afterwards the worker is fit for the next, whatever happened.

        Parameters
        ----------
        deadline_s
            From the moment the worker is ready; waiting for another loader counts.

        Raises
        ------
        LoadError
            The load failed, in the words of the worker.
        LoadDeadlineError
            It took too long and was killed.
        LoadWorkerDiedError
            The process died by itself.
        """
        self._start()
        try:
            return self._answer(job, time.monotonic() + deadline_s, deadline_s, progress)
        except LoadError:
            raise
        except TimeoutError:
            self.close()
            raise LoadDeadlineError(job.schema, deadline_s) from None
        except (OSError, EOFError, ValueError) as error:  # hung up, or an answer that is none
            raise LoadWorkerDiedError(job.schema, *self._end(patience_s=DYING_S)) from error
        except BaseException:  # Ctrl-C, or a caller whose progress failed: nobody waits for this load any more
            self.close()
            raise

    def close(self) -> None:
        """Kill the worker and all it started, and wait until it is gone."""
        self._end()

    def __enter__(self) -> LoadWorker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _answer(self, job: LoadJob, until: float, deadline_s: float, progress: Progress | None) -> LoadResult:
        assert self._channel is not None
        request = {**asdict(job), "wait_s": min(WAIT_S, deadline_s * WAIT_SHARE)}
        self._channel.settimeout(SEND_S)
        self._channel.sendall(json.dumps(request, default=str).encode() + b"\n")
        while True:
            reply = self._receive(until)
            if "step" in reply:
                if progress is not None:
                    progress(*reply["step"])
            elif "error" in reply:
                raise LoadError(reply["error"])
            else:
                return LoadResult(**{**reply, "inserted_at": datetime.fromisoformat(reply["inserted_at"])})

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._end()  # it died between two loads; the source that comes now is not to blame
        if self._process is not None:
            return
        ours, theirs = socket.socketpair()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in _end, with the process
        command = [
            sys.executable, "-P", "-m", "heartbeat_lib.marts.load_process",
            str(theirs.fileno()), str(os.getpid()), str(self._project), str(self._state_dir),
        ]  # fmt: skip
        with theirs:
            self._process = subprocess.Popen(
                command,
                cwd=self._project,
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C belongs to the parent, and one kill ends all that the load started
            )
        self._channel, self._buffer = ours, b""
        try:
            self._receive(time.monotonic() + START_S)
        except (OSError, EOFError, ValueError) as error:
            how, words = self._end(patience_s=DYING_S)
            raise LoadError(f"The process that loads sources did not start ({how}). {words or repr(error)}") from error
        except BaseException:
            self.close()
            raise

    def _receive(self, until: float) -> dict[str, Any]:
        """The next answer. Raises TimeoutError at the deadline, EOFError or OSError when the process is gone."""
        assert self._channel is not None
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.settimeout(left)
            chunk = self._channel.recv(1 << 16)
            if not chunk:
                raise EOFError("the worker hung up")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _end(self, *, patience_s: float = 0.0) -> tuple[str, str]:
        """Kill and reap the process group. Returns how the worker ended, and the last line it complained with.

        With patience a process that is dying gets the time to do so by itself, so that its own end is told.
        """
        process, self._process = self._process, None
        if process is None:
            return "", ""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        assert self._complaints is not None
        self._complaints.seek(0)
        words = self._complaints.read().decode("utf-8", "replace").strip()[-2000:]
        self._complaints.close()
        return _death(code), words.splitlines()[-1][:500] if words else ""


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "killed, perhaps for want of memory"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
