"""What every marts engine promises: one number per query, within limits, or a failure with a name.

An engine is one file in this folder. Compute, deploy and audits see only the protocol `Marts` and the frozen values
below. Nothing here retries: a failure is a value with a stable `reason`, and the caller decides what it means for a tile.
The surprise: `Marts.scalars` yields failures, it does not raise them, so one bad metric cannot stop a tick.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from types import TracebackType
from typing import Literal, Protocol, Self

from heartbeat_lib.model.errors import HeartbeatError


def usable_cores() -> int:
    """Cores that this process may use; a container often gets fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one query may take before it is stopped from outside.

    Attributes
    ----------
    timeout_s
        Deadline of one query in seconds, for callers that name none of their own.
    memory_bytes
        Address space of one worker process. The engine's own limit is set below it.
    workers
        Queries that may run at the same time; one per core, eight at most.
    """

    timeout_s: float = 30.0
    memory_bytes: int = 3 << 30
    workers: int = field(default_factory=lambda: min(usable_cores(), 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One number as the engine gave it: all digits of integers and decimals; None is "no value", never zero."""

    value: int | Decimal | float | None
    type: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The second column of a batch in the order of the first, each value as `Scalar` would have it; one type for all."""

    values: tuple[int | Decimal | float | None, ...]
    type: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Name and type in the engine's words; `is_number` is True for integers, decimals and floats, not for booleans."""

    name: str
    type: str
    is_number: bool


Cell = int | Decimal | float | bool | str | date | datetime | time | None
"""One value of a row. Instants are aware, in UTC; a wall clock stays naive; whatever else an engine has comes as its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a query gave: its columns and its first rows, each as long as `columns`; `more` where there were others behind."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: bool
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One line of the loader's bookkeeping, `_dlt_loads`.

    Attributes
    ----------
    load_id
        The loader's name for it; "" where it keeps none.
    ended
        Aware and UTC; None where nothing says so.
    completed
        False: the loader noted that it failed.
    rows
        Table -> rows that still carry this load's id, for the tables whose rows say which load brought them. A table that is
        not named here either keeps no such note or has no row of this load; its columns tell which.
    """

    load_id: str
    ended: datetime | None
    completed: bool
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table or view that value_sql may read; `rows` is None where counting would mean running a query (views)."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    rows: int | None


class MartsError(HeartbeatError):
    """Why there is no number; `reason` is one stable word that the store keeps."""

    reason: str = "marts_error"


class MartsUnreachable(MartsError):
    """The marts cannot be read at all: missing, broken, or held by a writer. Nothing is wrong with the metric."""

    reason = "marts_unreadable"


class QueryRefused(MartsError):
    """The text is not exactly one SELECT. The engine's own wall, behind `check`."""

    reason = "refused"


class QueryFailed(MartsError):
    """The engine could not run the query.

    Attributes
    ----------
    line
        1-based line inside the text that was sent, where the engine names one.
    """

    reason = "query_failed"

    def __init__(self, message: str, *, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


class LimitExceeded(MartsError):
    """The query was stopped from outside: deadline, memory, or somebody cancelled it."""

    def __init__(self, message: str, *, reason: Literal["timeout", "memory", "cancelled"]) -> None:
        self.reason = reason
        super().__init__(message)


class NotOneNumber(MartsError):
    """The query ran and its answer is not one finite number."""

    def __init__(self, message: str, *, reason: Literal["not_one_row", "not_one_column", "not_a_number", "not_finite"]) -> None:
        self.reason = reason
        super().__init__(message)


class Marts(Protocol):
    """An open engine, safe to use from several threads. A context manager; close it to stop its workers."""

    def describe(self, sql: str) -> Column:
        """Name and type of the one column that `sql` would give, without reading data. Raises MartsError."""
        ...

    def scalar(self, sql: str, *, timeout_s: float | None = None, tag: str = "") -> Scalar:
        """Run one query. `timeout_s` None means the limits' own. Raises MartsError."""
        ...

    def scalars(
        self, jobs: Iterable[tuple[str, str]], *, timeout_s: float | None = None
    ) -> Iterator[tuple[str, Scalar | MartsError]]:
        """Run (tag, sql) pairs over all workers on one state of the data; yield each as it finishes, in any order."""
        ...

    def numbers(self, sql: str, *, timeout_s: float | None = None, tag: str = "") -> Numbers:
        """Run one query of two columns, a number 0..n-1 (each once, in any order) and a value; give the values in that order.

        In the same box as `scalar` and as strict: a text, a boolean or one value that is not finite fails the whole.
        Raises MartsError.
        """
        ...

    def rows(self, sql: str, *, limit: int, timeout_s: float | None = None, tag: str = "") -> Rows:
        """Run one query and give its first `limit` rows (at most 10,000), in its own order.

        In the same box as `scalar`; values of any type. Raises MartsError, QueryFailed where the rows are larger than a person
        would look at (8 million signs).
        """
        ...

    def cancel(self, tag: str) -> None:
        """Stop what runs or waits under `tag`, from any thread. An unknown tag is no error."""
        ...

    def tables(self, schema: str | None = None) -> tuple[Table, ...]:
        """Tables and views of one schema, or of all, by name; the bookkeeping of the loader is left out."""
        ...

    def freshness(self, schemas: Sequence[str]) -> Mapping[str, datetime | None]:
        """When the last load that brought rows ended, aware and UTC; None where nothing says so (never "fresh")."""
        ...

    def loads(self, schema: str) -> tuple[Load, ...]:
        """The last 1,000 loads of a schema, failed ones too, oldest first; none where it has no `_dlt_loads`. Raises MartsError.

        For audits, which look at the bookkeeping itself; whoever wants to know how fresh a source is asks `freshness`.
        """
        ...

    def close(self) -> None:
        """Stop the workers. Closing twice is no error."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
