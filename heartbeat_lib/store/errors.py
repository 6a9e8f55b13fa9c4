"""What the store refuses, one class per remedy, and the one place where the driver's errors are put into words.

No message holds a password: of an address only host, port, database and login are ever named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from heartbeat_lib.model.errors import HeartbeatError

_WAYS = (
    "Owner, thresholds, target and verification change on the cockpit, through the API or with `heartbeat set`; "
    "what the metric file owns changes with `heartbeat deploy`."
)


class StoreError(HeartbeatError):
    """Something is wrong with the store or with how it is reached."""


class StoreUnavailable(StoreError):
    """No server answers: it cannot be started, cannot be reached, or went away. `log` names the embedded server's log."""

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        self.log = log
        super().__init__(message if log is None else f"{message} Its log: {log}")


class LoginRefused(StoreError):
    """The server answers and does not let this login in, or no login was given for the role."""


class DatabaseAddressError(StoreError):
    """`HEARTBEAT_DATABASE_URL` or one of its kin cannot be read as an address. The address itself is not repeated."""


class DatabaseNewer(StoreError):
    """The database was migrated by a newer Heartbeat than this one."""

    def __init__(self, *, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(
            f"The database is at version {found} and this Heartbeat knows {known}: a newer one migrated it. "
            "Update Heartbeat here, or use the one that did."
        )


class DatabaseBehind(StoreError):
    """The database needs migrating and no login that may do it was given."""

    def __init__(self, *, known: int) -> None:
        self.known = known
        super().__init__(
            f"The database is older than this Heartbeat, which needs its schema at version {known}. "
            "Give HEARTBEAT_DATABASE_URL, the login that migrates, and run any command once, such as `heartbeat doctor`."
        )


class MigrationChanged(StoreError):
    """A migration that was applied reads differently now."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"Migration {name} was applied to this database and its text has changed since. An applied migration is never "
            "edited: restore the file, and put the change into a new one with the next number."
        )


class MigrationFailed(StoreError):
    """A migration did not go through; what it had done was rolled back."""


class StoreBusy(StoreError):
    """Somebody holds what this needs for longer than it waits."""


class WriteRefused(StoreError):
    """The database does not let this login do that; the guard's hint is part of the message, word for word."""


def in_words(error: psycopg.Error, doing: str) -> StoreError:
    """The driver's error as one of ours.

    Parameters
    ----------
    doing
        What was being done, to begin the sentence with: "Migrating", "Reading the history".
    """
    said = error.diag.message_primary or first_line(error)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        ways = f" {_WAYS}" if "metric_registry" in said else ""
        return WriteRefused(f"{doing}: {said}.{f' {hint}' if (hint := error.diag.message_hint) else ways}")
    if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
        return StoreBusy(f"{doing}: another process holds what this needs ({said}). Try again when it is done.")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return StoreBusy(f"{doing}: took longer than it may ({said}).")
    if isinstance(error, psycopg.OperationalError):
        return StoreUnavailable(f"{doing}: the database went away ({said}). Nothing half-done was kept; run it again.")
    return StoreError(f"{doing}: {said}.{f' {error.diag.message_hint}' if error.diag.message_hint else ''}")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise the driver's errors inside the block as `StoreError`.

    Raises
    ------
    WriteRefused, StoreBusy, StoreUnavailable, StoreError
        By what the database answered.
    """
    try:
        yield
    except psycopg.Error as error:
        raise in_words(error, doing) from error


def first_line(error: BaseException) -> str:
    """The server's or library's own words, one line of them, without libpq's preamble."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "FATAL:" in line), lines[0] if lines else type(error).__name__)
    return last.rpartition("FATAL:")[2].strip().rstrip(".")
