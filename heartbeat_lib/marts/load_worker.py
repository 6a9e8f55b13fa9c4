"""The process in which sources are loaded, so that a load that never ends can be ended by killing it.

One worker serves all sources of a pass, because dlt takes 2 s to import. It is started with the first load, killed with
its whole process group at a source's deadline, and started anew for the next. Killing is safe: a load works on a copy and
is swapped in, and the next load removes what was left. `load_process` is the other end.

The surprise: the worker dies with the thread that started it, so `load` and `close` belong into one thread.
"""

from __future__ import annotations

import signal
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from heartbeat_lib.marts.child_process import ChildProcess
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
        self._child: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """The living worker's process id; None before the first load and after a kill."""
        return self._child.pid if self._child else None

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
        child = self._started()
        try:
            return _answer(child, job, time.monotonic() + deadline_s, deadline_s, progress)
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

    def _started(self) -> ChildProcess:
        """A worker that is ready. Raises LoadError where none can be had."""
        if self._child is not None and self._child.is_dead:
            self._end()  # it died between two loads; the source that comes now is not to blame
        if self._child is not None:
            return self._child
        words = (str(self._project), str(self._state_dir))
        self._child = child = ChildProcess("heartbeat_lib.marts.load_process", *words, folder=self._project)
        try:
            child.receive(START_S)
        except (OSError, EOFError, ValueError) as error:
            how, said = self._end(patience_s=DYING_S)
            raise LoadError(f"The process that loads sources did not start ({how}). {said or repr(error)}") from error
        except BaseException:
            self.close()
            raise
        return child

    def _end(self, *, patience_s: float = 0.0) -> tuple[str, str]:
        """Kill the worker and all it started. Returns how it ended, and the last line it complained with."""
        child, self._child = self._child, None
        if child is None:
            return "", ""
        code, words = child.end(patience_s=patience_s)
        return _death(code), words


def _answer(child: ChildProcess, job: LoadJob, until: float, deadline_s: float, progress: Progress | None) -> LoadResult:
    child.send({**asdict(job), "wait_s": min(WAIT_S, deadline_s * WAIT_SHARE)}, timeout_s=SEND_S)
    while True:
        reply = child.receive(until - time.monotonic())
        if "step" in reply:
            if progress is not None:
                progress(*reply["step"])
        elif "error" in reply:
            raise LoadError(reply["error"])
        else:
            return LoadResult(**{**reply, "inserted_at": datetime.fromisoformat(reply["inserted_at"])})


def _death(code: int) -> str:
    if code == -signal.SIGKILL:
        return "killed, perhaps for want of memory"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
