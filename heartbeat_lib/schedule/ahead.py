"""Fresh kernels for a row of notebooks: while one works the next one boots and imports, most of what a notebook costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from jupyter_core.utils import run_sync

from heartbeat_lib.schedule.kernel import SocketKernelManager


class KernelsAhead:
    """A context manager; leaving it ends every kernel that still lives.

    Parameters
    ----------
    folder
        Where kernels work.
    total
        How many will be asked for: no more are started.
    statement
        Python that each runs before its notebook comes.
    """

    def __init__(self, folder: Path, total: int, statement: str) -> None:
        self._folder, self._left, self._statement = folder, total, statement
        self._waiting: list[SocketKernelManager] = []

    def start_next(self) -> None:
        """Start the kernel of the notebook after the present one; returns at once, nothing happens after the last."""
        if not self._left:
            return
        self._left -= 1
        kernel = SocketKernelManager()
        self._waiting.append(kernel)
        run_sync(kernel.start_kernel)(cwd=str(self._folder), extra_arguments=[f"--IPKernelApp.exec_lines={self._statement}"])

    @contextmanager
    def next(self) -> Iterator[SocketKernelManager]:
        """The next kernel for the time of the block; the one after it is started meanwhile."""
        if not self._waiting:
            self.start_next()
        kernel = self._waiting[0]
        self.start_next()
        try:
            yield kernel
        finally:
            self._waiting.remove(kernel)
            _end(kernel)

    def __enter__(self) -> KernelsAhead:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._waiting:
            _end(self._waiting.pop())


def _end(kernel: SocketKernelManager) -> None:
    if kernel.has_kernel:
        run_sync(kernel.shutdown_kernel)(now=True)
