"""What a load refuses. Whatever is raised from here, the marts stand as they stood before."""

from __future__ import annotations

from pathlib import Path

from heartbeat_lib.model.errors import HeartbeatError


class LoadError(HeartbeatError):
    """A load that did not happen. The message says what to change; nothing was changed."""


class SourceFileError(LoadError):
    """One file cannot be brought in as it is.

    Attributes
    ----------
    path
        The file; None for a table handed over in memory.
    line
        1-based line of the fault inside the file, where it is known.
    """

    def __init__(self, path: Path | None, fault: str, *, line: int | None = None, table: str = "") -> None:
        self.path, self.line = path, line
        where = f"table {table}" if path is None else str(path)
        super().__init__(f"{where}{f', line {line}' if line is not None else ''}: {fault}")


class LoadBusyError(LoadError):
    """Another loader holds the marts, and went on holding them for as long as we waited."""

    def __init__(self, marts: Path, holder: str, waited_s: float) -> None:
        self.marts, self.holder = marts, holder
        super().__init__(
            f"{marts} is being loaded by {holder}; gave up after {waited_s:g} s. "
            "One load runs at a time: let it finish, or stop that process, and load again."
        )
