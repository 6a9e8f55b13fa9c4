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


class PipelineError(LoadError):
    """A pipeline file that cannot be imported, or whose run failed.

    Attributes
    ----------
    file
        The pipeline file.
    line
        1-based line inside it where the fault came to pass, where a traceback says so.
    """

    def __init__(self, file: Path, shown: str, fault: str, *, line: int | None = None) -> None:
        self.file, self.line = file, line
        super().__init__(f"{shown}{f', line {line}' if line is not None else ''}: {fault}")


class LoadDeadlineError(LoadError):
    """A source took longer than its deadline; the process that loaded it was killed."""

    def __init__(self, schema: str, deadline_s: float) -> None:
        self.schema, self.deadline_s = schema, deadline_s
        span = f"{deadline_s / 60:g} min" if deadline_s >= 60 else f"{deadline_s:g} s"
        super().__init__(
            f"Loading {schema} took longer than its deadline of {span} and was stopped; nothing half loaded stays. "
            "If it needs that long, raise `deadline` of this [[source]] in heartbeat.toml."
        )


class LoadWorkerDiedError(LoadError):
    """The process that loaded a source died by itself: a crash in a library, or no memory left."""

    def __init__(self, schema: str, how: str, last_words: str) -> None:
        self.schema, self.how, self.last_words = schema, how, last_words
        said = f" Its last words: {last_words}" if last_words else ""
        super().__init__(f"The process that loaded {schema} died ({how}); nothing half loaded stays.{said}")
