"""Runs: what was started, by whom, and how it ended; and the one clock.

A run lives on one connection. Its row is committed at once, so that others see it; then the connection opens the transaction
in which the run will end and locks that row. Whoever can take the lock of a row that still says `running` has found a run
whose process is gone, and closes it as aborted. A tick also locks the single row of `heartbeat.clock`. Both locks free
themselves when the holder dies, and since results are written by the very transaction that holds them, a run that lost its
connection cannot write. No advisory locks: any login can hold those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.store import Role, Store, load_sql, translated

Kind = Literal["tick", "load", "backfill", "manual", "deploy", "benchmarks", "audit"]
_PACKAGE = __package__ or ""


class TickRunningError(HeartbeatError):
    """Another process is in the middle of a tick."""


class DueAlreadyError(HeartbeatError):
    """A finished run has this due instant already; this one wrote nothing."""


class RunLostError(HeartbeatError):
    """The connection that held a run broke; nothing of the run's last part was written."""


@dataclass(slots=True)
class Run:
    """An open run. `connection` is inside the transaction that will end it; `detail` is what its record will say."""

    run_id: int
    kind: Kind
    due: datetime
    started: datetime
    connection: psycopg.Connection[Any]
    as_of: datetime | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    outcome: Literal["ok", "failed"] = "ok"

    def checkpoint(self) -> None:
        """Commit what was written so far and go on; for long runs that can be taken up again."""
        self.connection.commit()
        self._hold()

    def _hold(self) -> None:
        self.connection.execute(load_sql(_PACKAGE, "hold_run"), {"run_id": self.run_id})


@contextmanager
def open_run(
    store: Store,
    kind: Kind,
    *,
    actor: str,
    as_of: datetime | None = None,
    due: datetime | None = None,
    notebook: str | None = None,
) -> Iterator[Run]:
    """A run for the time of the block: `ok` at its end, `failed` where it raises, `aborted` where the process dies.

    Everything that the block writes on `run.connection` is committed together with the run's end.

    Parameters
    ----------
    due
        The instant that the clock called for, aware; the run's identity among ticks and benchmark runs. None: now.
    notebook
        Where the executed notebook lies, relative to the workspace.

    Raises
    ------
    TickRunningError
        `kind` is tick and another process is in one.
    DueAlreadyError
        A run of this kind with this due instant is finished; or another one finished first.
    RunLostError
        The database went away in the middle.
    """
    with translated(f"The {kind} run"), store.connect(Role.COMPUTE) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        if kind == "tick":
            _take_clock(connection)
        if due is not None and kind in ("tick", "benchmarks"):
            _refuse_finished(connection, kind, due)
        run = _begin(store, connection, {"kind": kind, "due": due, "as_of": as_of, "actor": actor, "notebook": notebook})
        try:
            yield run
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)
            run.detail.setdefault("error", str(error) or type(error).__name__)
            with suppress(psycopg.Error):
                connection.rollback()
                _end(run, "aborted" if interrupted else "failed")
                connection.commit()
            if isinstance(error, psycopg.OperationalError):
                raise _lost(run) from error
            raise
        try:
            _end(run, run.outcome)
            connection.commit()
        except psycopg.errors.UniqueViolation:
            connection.rollback()
            run.detail["error"] = "another run with this due instant finished first"
            _end(run, "aborted")
            connection.commit()
            raise _finished(kind, run.due) from None
        except psycopg.OperationalError as error:
            raise _lost(run) from error


def is_due(store: Store, kind: Kind, due: datetime) -> bool:
    """Whether a run that the clock calls for is still to be done; lost runs are closed first.

    A tick that a person started after `due` counts: it did the same work.
    """
    abort_lost_runs(store)
    with translated("Asking what is due"), store.connect(Role.READER) as connection:
        values = {"kind": kind, "due": due, "now": datetime.now(UTC)}
        return connection.execute(load_sql(_PACKAGE, "is_due"), values).fetchall()[0][0]


def abort_lost_runs(store: Store) -> None:
    """Close runs whose process is gone, as aborted."""
    with translated("Closing lost runs"), store.connect(Role.COMPUTE) as connection:
        connection.execute(load_sql(_PACKAGE, "abort_lost_runs"))


def note_failure(store: Store, kind: Kind, *, due: datetime, actor: str, notebook: str | None, error: str) -> None:
    """Record a run that failed before it could open one; a run that tells of itself is left as it is."""
    abort_lost_runs(store)
    values = {"kind": kind, "due": due, "now": datetime.now(UTC), "actor": actor, "notebook": notebook, "error": error}
    with translated("Recording a failed run"), store.connect(Role.COMPUTE) as connection:
        connection.execute(load_sql(_PACKAGE, "note_failure"), values)


def _refuse_finished(connection: psycopg.Connection[Any], kind: Kind, due: datetime) -> None:
    ((finished,),) = connection.execute(load_sql(_PACKAGE, "finished_already"), {"kind": kind, "due": due}).fetchall()
    if finished:
        raise _finished(kind, due)


def _finished(kind: Kind, due: datetime) -> DueAlreadyError:
    what = "tick" if kind == "tick" else "benchmark run"
    return DueAlreadyError(f"The {what} due at {due.isoformat()} is finished already; nothing was written.")


def _take_clock(connection: psycopg.Connection[Any]) -> None:
    try:
        connection.execute(load_sql(_PACKAGE, "take_clock"))
    except psycopg.errors.LockNotAvailable:
        connection.rollback()
        since = connection.execute(load_sql(_PACKAGE, "running_tick")).fetchone()
        when = f" since {since[0].astimezone():%H:%M:%S}" if since else ""
        raise TickRunningError(f"Another tick is running{when}; this one left everything to it.") from None


def _begin(store: Store, connection: psycopg.Connection[Any], values: dict[str, Any]) -> Run:
    # A second connection commits the row at once; the first must stay in its transaction, where a tick holds the clock.
    with store.connect(Role.COMPUTE) as outside:
        outside.execute(load_sql(_PACKAGE, "abort_lost_runs"))
        outside.commit()
        started = datetime.now(UTC)
        values = {**values, "started": started, "due": values["due"] or started}
        (run_id,) = outside.execute(load_sql(_PACKAGE, "open_run"), values).fetchall()[0]
    run = Run(
        run_id=run_id, kind=values["kind"], due=values["due"], started=started, connection=connection, as_of=values["as_of"]
    )
    run._hold()
    return run


def _end(run: Run, outcome: str) -> None:
    values = {
        "run_id": run.run_id,
        "ended": datetime.now(UTC),
        "outcome": outcome,
        "detail": json.dumps(run.detail, default=str),
        "as_of": run.as_of,
    }
    run.connection.execute(load_sql(_PACKAGE, "end_run"), values)


def _lost(run: Run) -> RunLostError:
    return RunLostError(
        f"The database went away in the middle of {run.kind} run {run.run_id}; nothing of it was written. "
        "The next run closes it as aborted."
    )
