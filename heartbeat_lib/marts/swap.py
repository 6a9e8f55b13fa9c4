"""Changing the marts file so that no reader ever sees half of a load, and a killed load leaves nothing broken.

The loader works on a copy beside the file, forces it to disk and renames it over the old one. Readers that hold the old
file keep it until they look again. The surprise: a leftover copy may be removed whoever made it, because it can only be
seen while holding the lock that every loader holds.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from heartbeat_lib.marts.load_errors import LoadBusyError, LoadError

WAIT_S = 60.0
WRITER_WAIT_S = 5.0


@contextmanager
def one_loader(marts: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the loader's lock beside the marts file; it frees itself when the process dies.

    Raises
    ------
    LoadBusyError
        Another loader held it for `wait_s` seconds; the error says which.
    """
    marts.parent.mkdir(parents=True, exist_ok=True)
    lock = marts.with_name(f"{marts.name}.lock")
    with lock.open("a+", encoding="utf-8") as held:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    held.seek(0)
                    raise LoadBusyError(marts, held.read().strip() or "another process", wait_s) from None
                time.sleep(0.05)
        held.truncate(0)
        held.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        held.flush()
        try:
            yield
        finally:
            held.truncate(0)


@contextmanager
def beside(marts: Path, *, writer_wait_s: float = WRITER_WAIT_S) -> Iterator[Path]:
    """A copy of the marts to change; it takes the file's place when the block ends well, and vanishes when it does not.

    Hold `one_loader` around it. Whoever uses the copy must have closed it when the block ends.

    Raises
    ------
    LoadError
        The marts file is damaged, or somebody else has it open for writing (the message names the process).
    """
    for leftover in marts.parent.glob(f"{_glob_literal(marts.name)}.loading.*"):
        leftover.unlink(missing_ok=True)
    copy = marts.with_name(f"{marts.name}.loading.{os.getpid()}")
    try:
        if marts.exists():
            _copy_consistent(marts, copy, writer_wait_s)
        yield copy
        _force_to_disk(copy)
        copy.replace(marts)
        _force_to_disk(marts.parent)
    finally:
        for path in (copy, copy.with_name(f"{copy.name}.wal")):
            with suppress(FileNotFoundError):
                path.unlink()


def _copy_consistent(marts: Path, copy: Path, wait_s: float) -> None:
    """Copy while DuckDB's own reading lock keeps writers out; that also finds a damaged file before it is loaded into."""
    import duckdb

    journal = marts.with_name(f"{marts.name}.wal")
    deadline = time.monotonic() + wait_s
    while True:
        try:
            if journal.exists():
                # Somebody wrote in place and did not finish tidily. Left beside the new file it would be replayed onto it.
                with duckdb.connect(str(marts)) as writer:
                    writer.execute("CHECKPOINT")
            with duckdb.connect(str(marts), read_only=True):
                shutil.copyfile(marts, copy)
            return
        except duckdb.Error as error:
            words = " ".join(str(error).partition("See also http")[0].split())
            busy = "lock" in words or "different configuration" in words
            if busy and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            remedy = (
                "Close it there and load again."
                if busy
                else "Move the file away and load again; it is made anew from the sources."
            )
            raise LoadError(f"The marts file {marts} cannot be loaded into: {words} {remedy}") from error


def _force_to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _glob_literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
