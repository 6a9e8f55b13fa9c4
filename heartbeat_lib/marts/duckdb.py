"""The DuckDB engine: the marts as one file, read by worker processes that can be killed.

This side imports neither duckdb nor pandas, so any door may open it cheaply. Each call looks at the file anew, and all
queries of one `scalars` batch see the same state of it, even when a load replaces it meanwhile.
The surprise: no call waits for another's generator; a batch that is abandoned drops what has not run yet.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from heartbeat_lib.marts.column_types import identifier, literal
from heartbeat_lib.marts.duckdb_pool import Job, WorkerPool
from heartbeat_lib.marts.duckdb_worker import is_number_type
from heartbeat_lib.marts.engine import (
    Cell,
    Column,
    LimitExceeded,
    Limits,
    Load,
    MartsError,
    MartsUnreachable,
    NotOneNumber,
    Numbers,
    QueryFailed,
    QueryRefused,
    Rows,
    Scalar,
    Table,
    usable_cores,
)
from heartbeat_lib.marts.snapshot import Snapshot

DIALECT = "duckdb"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_LOADS = 1000


class DuckDbMarts:
    """Marts in a DuckDB file. Safe from several threads; a context manager.

    Parameters
    ----------
    path
        The marts file. It may be missing now and come later; each call looks again.
    zone
        What `today` and every cast between date and instant mean inside a query.
    limits
        Deadline, memory and number of worker processes.
    threads
        Threads of each worker; None shares the cores out. With a worker per core that is one each: small queries then
        run side by side, where DuckDB's own threads would mostly wait for one another.
    """

    def __init__(self, path: Path, *, zone: ZoneInfo, limits: Limits, threads: int | None = None) -> None:
        self._path, self._limits = path, limits
        each = threads or max(1, usable_cores() // limits.workers)
        self._pool = WorkerPool(zone=zone.key, limits=limits, threads=each)
        self._snapshot: Snapshot | None = None
        self._live: dict[str, set[Job]] = {}
        self._lock = threading.Lock()

    def scalar(self, sql: str, *, timeout_s: float | None = None, tag: str = "") -> Scalar:
        """One number, or MartsError raised. See `Marts.scalar`."""
        (outcome,) = [outcome for _, outcome in self.scalars([(tag, sql)], timeout_s=timeout_s)]
        if isinstance(outcome, MartsError):
            raise outcome
        return outcome

    def scalars(
        self, jobs: Iterable[tuple[str, str]], *, timeout_s: float | None = None
    ) -> Iterator[tuple[str, Scalar | MartsError]]:
        """Each query's number or failure as it comes, all on one state of the file. See `Marts.scalars`."""
        for tag, reply in self._ask("scalar", list(jobs), timeout_s):
            if isinstance(reply, MartsError):
                yield tag, reply
            else:
                number = _number(reply["value"], reply["type"])
                yield tag, Scalar(value=number, type=reply["type"], elapsed_s=reply["elapsed_s"])

    def numbers(self, sql: str, *, timeout_s: float | None = None, tag: str = "") -> Numbers:
        """Many values from one query, or MartsError raised. See `Marts.numbers`."""
        reply = self._one("numbers", sql, timeout_s, tag)
        values = tuple(_number(text, reply["type"]) for text in reply["values"])
        return Numbers(values=values, type=reply["type"], elapsed_s=reply["elapsed_s"])

    def rows(self, sql: str, *, limit: int, timeout_s: float | None = None, tag: str = "") -> Rows:
        """The first rows of one query, or MartsError raised. See `Marts.rows`."""
        reply = self._one("some_rows", sql, timeout_s, tag, limit=limit)
        return Rows(
            columns=tuple(_column(name, kind) for name, kind in reply["columns"]),
            rows=tuple(tuple(None if cell is None else _CELLS[cell[0]](cell[1]) for cell in row) for row in reply["rows"]),
            more=reply["more"],
            elapsed_s=reply["elapsed_s"],
        )

    def describe(self, sql: str) -> Column:
        """Name and type of the one column, without reading data. Raises MartsError."""
        columns = self._one("describe", sql)["columns"]
        if len(columns) != 1:
            raise NotOneNumber(f"The query gives {len(columns)} columns; one number is wanted.", reason="not_one_column")
        return _column(*columns[0])

    def tables(self, schema: str | None = None) -> tuple[Table, ...]:
        """Tables and views with their columns; tables with their rows. Raises MartsError."""
        rows = [row for row in self._one("rows", _sql("duckdb_columns"))["rows"] if schema in (None, row[0])]
        found = [(key, list(group)) for key, group in groupby(rows, key=lambda row: (row[0], row[1], row[4]))]
        counts = self._counts([key[:2] for key, _ in found if not key[2]])
        return tuple(
            Table(
                schema=key[0],
                name=key[1],
                columns=tuple(_column(row[2], row[3]) for row in group),
                rows=counts.get(key[:2]),
            )
            for key, group in found
        )

    def freshness(self, schemas: Sequence[str]) -> Mapping[str, datetime | None]:
        """End of the last completed load of each schema, aware and UTC; None where there is none. Raises MartsError."""
        seen: dict[str, datetime | None] = dict.fromkeys(schemas)
        known = [row[0] for row in self._one("rows", _sql("duckdb_loads"))["rows"] if row[0] in seen]
        if not known:
            return seen
        # Microseconds, because reading a TIMESTAMPTZ in Python would need the host to agree on the zone.
        each = [
            f"SELECT {literal(name)}, epoch_us(max(inserted_at)) FROM {identifier(name)}._dlt_loads WHERE status = 0"  # noqa: S608
            for name in known
        ]
        for name, microseconds in self._one("rows", " UNION ALL ".join(each))["rows"]:
            seen[name] = None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)
        return seen

    def loads(self, schema: str) -> tuple[Load, ...]:
        """The loader's bookkeeping of one schema. See `Marts.loads`."""
        found = [row[1:] for row in self._one("rows", _sql("duckdb_load_columns"))["rows"] if row[0] == schema]
        kept = {column for table, column in found if table == "_dlt_loads"}
        if not {"status", "inserted_at"} <= kept:
            return ()
        load_id = "CAST(load_id AS VARCHAR)" if "load_id" in kept else "''"
        lines = self._one(
            "rows",
            f"SELECT {load_id}, status = 0, epoch_us(inserted_at) FROM {identifier(schema)}._dlt_loads "  # noqa: S608
            f"ORDER BY inserted_at DESC NULLS LAST, 1 DESC LIMIT {MOST_LOADS}",
        )["rows"]
        counts = self._rows_by_load(schema, [table for table, _ in found if table != "_dlt_loads"]) if "load_id" in kept else {}
        return tuple(
            Load(
                load_id=name or "",
                ended=None if microseconds is None else EPOCH + timedelta(microseconds=microseconds),
                completed=bool(completed),
                rows=counts.get(name, {}),
            )
            for name, completed, microseconds in reversed(lines)
        )

    def cancel(self, tag: str) -> None:
        """Stop what runs or waits under `tag`. See `Marts.cancel`."""
        with self._lock:
            jobs = list(self._live.get(tag, ()))
        for job in jobs:
            self._pool.cancel(job)

    def close(self) -> None:
        """Stop the workers. Closing twice is no error."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _ask(
        self, op: str, pairs: list[tuple[str, str]], timeout_s: float | None, limit: int | None = None
    ) -> Iterator[tuple[str, Mapping[str, Any] | MartsError]]:
        try:
            snapshot = self._current()
        except MartsUnreachable as error:
            yield from ((tag, error) for tag, _ in pairs)
            return
        done: queue.SimpleQueue[tuple[Job, Mapping[str, Any] | MartsError]] = queue.SimpleQueue()

        def deliver(job: Job, outcome: Mapping[str, Any] | MartsError) -> None:
            done.put((job, outcome))

        deadline_s = self._limits.timeout_s if timeout_s is None else timeout_s
        jobs = [
            Job(op=op, sql=sql, tag=tag, timeout_s=deadline_s, snapshot=snapshot, deliver=deliver, limit=limit)
            for tag, sql in pairs
        ]
        with self._lock:
            for job in jobs:
                self._live.setdefault(job.tag, set()).add(job)
        try:
            self._pool.submit(jobs)
            for _ in jobs:
                job, outcome = done.get()
                self._forget(job)
                yield job.tag, outcome if isinstance(outcome, MartsError) else _failure(outcome) or outcome
        finally:
            for job in jobs:  # nothing is left unless the caller stopped listening
                if self._forget(job):
                    job.cancelled.set()

    def _one(
        self, op: str, sql: str, timeout_s: float | None = None, tag: str = "", limit: int | None = None
    ) -> Mapping[str, Any]:
        ((_, reply),) = self._ask(op, [(tag, sql)], timeout_s, limit)
        if isinstance(reply, MartsError):
            raise reply
        return reply

    def _current(self) -> Snapshot:
        with self._lock:
            kept = self._snapshot
            if kept is None or kept.failed is not None or not kept.is_current():
                self._snapshot = None
                self._snapshot = kept = Snapshot(self._path)
            return kept

    def _forget(self, job: Job) -> bool:
        with self._lock:
            same = self._live.get(job.tag)
            if same is None or job not in same:
                return False
            same.discard(job)
            if not same:
                del self._live[job.tag]
            return True

    def _counts(self, names: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        if not names:
            return {}
        each = [
            f"SELECT {literal(schema)}, {literal(name)}, count(*) FROM {identifier(schema)}.{identifier(name)}"  # noqa: S608
            for schema, name in names
        ]
        return {(schema, name): rows for schema, name, rows in self._one("rows", " UNION ALL ".join(each))["rows"]}

    def _rows_by_load(self, schema: str, tables: list[str]) -> dict[str, dict[str, int]]:
        """Load id -> table -> rows that carry it."""
        if not tables:
            return {}
        each = [
            f"SELECT {literal(table)}, CAST(_dlt_load_id AS VARCHAR), count(*) "  # noqa: S608
            f"FROM {identifier(schema)}.{identifier(table)} GROUP BY 2"
            for table in tables
        ]
        counts: dict[str, dict[str, int]] = {}
        for table, load_id, rows in self._one("rows", " UNION ALL ".join(each))["rows"]:
            counts.setdefault(load_id, {})[table] = rows
        return counts


@cache
def _sql(name: str) -> str:
    return (resources.files("heartbeat_lib.marts") / "sql" / f"{name}.sql").read_text("utf-8")


_CELLS: Mapping[str, Callable[[str], Cell]] = {
    "bool": bool,
    "int": int,
    "decimal": Decimal,
    "float": float,
    "text": str,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
}
"""The worker's words for kinds of values, and how each is read back."""


def _column(name: str, kind: str) -> Column:
    return Column(name=name, type=kind, is_number=is_number_type(kind))


def _number(text: str | None, kind: str) -> int | Decimal | float | None:
    """The number behind the worker's text, in the Python type that keeps all of its digits."""
    if text is None:
        return None
    if kind in ("DOUBLE", "FLOAT"):
        return float(text)
    return Decimal(text) if kind.startswith("DECIMAL") else int(text)


def _failure(reply: Mapping[str, Any]) -> MartsError | None:
    """The worker's named fault as the error that callers know, or None for an answer."""
    match reply.get("fault"):
        case None:
            return None
        case "refused":
            return QueryRefused(reply["message"])
        case "memory":
            return LimitExceeded(f"The query ran out of memory: {reply['message']}", reason="memory")
        case "marts_unreadable":
            return MartsUnreachable(f"The marts file is damaged: {reply['message']}")
        case "not_one_row" | "not_one_column" | "not_a_number" | "not_finite" as reason:
            return NotOneNumber(reply["message"], reason=reason)
        case _:
            return QueryFailed(reply["message"], line=reply.get("line"))
