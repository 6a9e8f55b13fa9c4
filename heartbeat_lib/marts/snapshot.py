"""One state of the marts file, held for as long as a batch of queries lasts.

A load replaces the file while queries run, and a batch must not see two states of it. So a batch carries a descriptor
of the very file it began with; a worker opens that, even when the name points elsewhere by now.
"""

from __future__ import annotations

import os
from pathlib import Path

from heartbeat_lib.marts.engine import MartsUnreachable


class Snapshot:
    """The marts file as it was at one moment, kept readable for as long as somebody holds this object."""

    def __init__(self, path: Path) -> None:
        """Raises MartsUnreachable where there is no such file, or an empty one."""
        self.path = path
        self.failed: MartsUnreachable | None = None  # the first worker that could not open it spares the others the wait
        self._fd: int | None = None
        try:
            if hasattr(os, "O_PATH"):
                # O_PATH, because closing an ordinary descriptor would drop the locks that this process holds on the file.
                self._fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
                seen = os.fstat(self._fd)
            else:
                seen = path.stat()
        except OSError as error:
            raise MartsUnreachable(_why_not_there(path, error)) from error
        self.identity = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if seen.st_size == 0:
            raise MartsUnreachable(f"The marts file {path} is empty. Remove it and run `heartbeat load`.")

    def is_current(self) -> bool:
        """Whether the path still names this very file, unchanged."""
        try:
            seen = self.path.stat()
        except OSError:
            return False
        return self.identity == (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)

    def descriptors(self) -> list[int]:
        return [] if self._fd is None else [self._fd]

    def __del__(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _why_not_there(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no marts file at {path}. Run `heartbeat load` to make it from the sources."
    return f"The marts file {path} cannot be opened: {error.strerror}."
