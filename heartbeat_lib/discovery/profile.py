"""One table from near: what is in each column, which columns are a key, and how many rows each day brought.

Two or three statements, each reading a column once: one line of aggregates for all columns, the most frequent values of those
that repeat, and the days of the column of time. Together they cost about what a bare SUMMARIZE does, which works out
quartiles that nobody looks at here.

The surprise: in a large table the number of different values is an estimate where hardly any repeats, and marked so; a key is
counted exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery.profile_html import names_rows, profile_html
from heartbeat_lib.discovery.time_column import day_of_quarter_sql, is_time, past_sql, quarter_sql, time_column
from heartbeat_lib.marts import Column, LimitExceeded, Table
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.workbench import Workbench

PROFILE_S = 300.0
"""Deadline of each statement in seconds: a person asked for this one table, and waits."""
FREQUENT = 5
"""Values shown of a column."""
_MOST_DISTINCT = 1_000_000
"""With more different values than this the most frequent ones are not looked for: hardly any repeats often."""
_COUNTED_ROWS = 100_000
"""In a table of up to so many rows different values are counted, not estimated."""
_KEY_LIKE = 0.9
_MEASURES = ("DOUBLE", "FLOAT", "DECIMAL")
"""An amount that never came twice is no key."""
_PAIRS_TRIED, _PAIR_ROWS = 10, 1_000_000
_MOST_DAYS = 10_000
_LONGEST = 60
"""Signs of a value that are shown."""

_Frequent = tuple[tuple[str, int], ...]
Shown = int | Decimal | float | str | bool | date | datetime | None
"""A value as it is shown: texts are cut, numbers that are not finite are words."""


class NoSuchTableError(HeartbeatError):
    """A table that the marts do not have."""

    def __init__(self, table: str, near: Sequence[str]) -> None:
        self.table = table
        hint = f" There is {', '.join(near)}." if near else " `heartbeat discover --topic ...` lists what there is."
        super().__init__(f"The marts have no table {table!r}.{hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What is in one column.

    Attributes
    ----------
    nulls
        Rows without a value.
    distinct, about
        Different values; `about`: an estimate.
    least, greatest
        None where the column has no value.
    middle
        The median of numbers, an estimate; None of anything else.
    frequent
        The most frequent values as text with their rows, the most frequent first; empty where hardly any repeats.
    """

    name: str
    type: str
    nulls: int
    distinct: int
    about: bool
    least: Shown
    greatest: Shown
    middle: Shown
    frequent: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Days in a row without any row, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One table or view.

    Attributes
    ----------
    keys
        Columns, or pairs of them, that name every row: no NULL, no value twice.
    time_column
        By which the days are cut; None without one.
    days
        Day (of the workspace's zone) and rows, oldest first, only days with rows, none after now.
    later
        Rows dated after now.
    gaps
        Stretches without rows between the first day and today, the longest first.
    """

    table: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    keys: tuple[tuple[str, ...], ...]
    time_column: str | None
    days: tuple[tuple[date, int], ...]
    later: int
    gaps: tuple[Gap, ...]

    def json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        found = asdict(self)
        found["days"] = [{"day": day, "rows": rows} for day, rows in self.days]
        found["gaps"] = [{"first": gap.first, "last": gap.last, "days": gap.days} for gap in self.gaps]
        for column in found["columns"]:
            column["frequent"] = [{"value": value, "rows": rows} for value, rows in column["frequent"]]
        return found

    def __repr__(self) -> str:
        return f"{self.table}: {self.rows:,} rows, {len(self.columns)} columns, {len(self.days):,} days"

    def _repr_html_(self) -> str:
        return profile_html(self)


def profile(bench: Workbench, table: str, *, now: datetime | None = None) -> Profile:
    """Look at one table or view.

    Parameters
    ----------
    table
        `schema.name`, in any letter case.
    now
        Aware: rows dated after it are counted apart. None: this very moment.

    Raises
    ------
    NoSuchTableError
        The marts have no such table; the message names those of a like name.
    MartsError
        It cannot be read, or not within five minutes.
    """
    now = now or datetime.now(UTC)
    found = _table(bench, table)
    rows, columns = _columns(bench, found)
    frequent = _frequent(bench, found, rows, columns)
    keys = _keys(bench, found, rows, columns)
    counted = {name: different for name, (different, _) in frequent.items()} | {key[0]: rows for key in keys if len(key) == 1}
    by, days, later = _days(bench, found, now)
    shown = tuple(
        ColumnProfile(
            **{name: getattr(column, name) for name in _Seen.__dataclass_fields__ if name not in ("distinct", "about")},
            distinct=counted.get(column.name, column.distinct),
            about=column.about and column.name not in counted,
            frequent=frequent[column.name][1] if column.name in frequent else (),
        )
        for column in columns
    )
    return Profile(
        table=f"{found.schema}.{found.name}",
        rows=rows,
        columns=shown,
        keys=keys,
        time_column=by,
        days=days,
        later=later,
        gaps=_gaps(days, now.astimezone(bench.workspace.zone).date()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A column as the first statement saw it."""

    name: str
    type: str
    nulls: int
    distinct: int
    about: bool
    least: Shown
    greatest: Shown
    middle: Shown


def _table(bench: Workbench, name: str) -> Table:
    tables = {f"{table.schema}.{table.name}": table for table in bench.marts.tables()}
    found = next((table for key, table in tables.items() if key.lower() == name.lower()), None)
    if found is None:
        from difflib import get_close_matches

        raise NoSuchTableError(name, get_close_matches(name, list(tables), n=3))
    return found


def _from(table: Table) -> str:
    return f"{identifier(table.schema)}.{identifier(table.name)}"


def _row(bench: Workbench, sql: str) -> tuple[Any, ...]:
    (row,) = bench.marts.rows(sql, limit=1, timeout_s=PROFILE_S, tag="profile").rows
    return row


def _columns(bench: Workbench, table: Table) -> tuple[int, list[_Seen]]:
    parts = ["count(*)"]
    exact = table.rows is not None and table.rows <= _COUNTED_ROWS
    for column in table.columns:
        name = identifier(column.name)
        # DuckDB's infinite dates have no form in Python.
        bounds = f"{name}) FILTER (WHERE isfinite({name})" if is_time(column) else _cut(column)
        middle = f"CAST(approx_quantile({name}, 0.5) AS DOUBLE)" if column.is_number else "NULL"
        different = f"count(DISTINCT {name})" if exact else f"approx_count_distinct({name})"
        parts += [f"count({name})", different, f"min({bounds})", f"max({bounds})", middle]
    rows, *seen = _row(bench, f"SELECT {', '.join(parts)} FROM {_from(table)}")  # noqa: S608 - names of the marts, quoted
    found: list[_Seen] = []
    zone = bench.workspace.zone
    for at, column in enumerate(table.columns):
        filled, distinct, least, greatest, middle = seen[at * 5 : at * 5 + 5]
        found.append(
            _Seen(
                name=column.name,
                type=column.type,
                nulls=rows - filled,
                distinct=min(distinct, filled),
                about=not exact and distinct > 0,
                least=_shown(least, zone),
                greatest=_shown(greatest, zone),
                middle=_shown(middle, zone),
            )
        )
    return rows, found


def _cut(column: Column) -> str:
    """The column itself, or its text where it may be long or has no order."""
    name = identifier(column.name)
    if column.is_number or column.type in ("BOOLEAN", "TIME"):
        return name
    return f"left(CAST({name} AS VARCHAR), {_LONGEST + 1})"


def _frequent(bench: Workbench, table: Table, rows: int, columns: Sequence[_Seen]) -> dict[str, tuple[int, _Frequent]]:
    """The exact number of different values, and the most frequent ones, of columns whose values have two rows each on average."""
    wanted = {
        number: column
        for number, (column, seen) in enumerate(zip(table.columns, columns, strict=True))
        if 0 < seen.distinct <= _MOST_DISTINCT and (seen.distinct <= FREQUENT or 2 * seen.distinct <= rows - seen.nulls)
    }
    if not wanted:
        return {}
    sql = " UNION ALL ".join(
        f"(SELECT {number}, left(CAST({identifier(column.name)} AS VARCHAR), {_LONGEST + 1}), "  # noqa: S608
        "count(*) AS times, count(*) OVER () "
        f"FROM {_from(table)} WHERE {identifier(column.name)} IS NOT NULL "
        f"GROUP BY {identifier(column.name)} ORDER BY times DESC, 2 LIMIT {FREQUENT})"
        for number, column in wanted.items()
    )
    found: dict[str, tuple[int, _Frequent]] = {}
    for number, value, times, different in bench.marts.rows(
        sql, limit=len(wanted) * FREQUENT, timeout_s=PROFILE_S, tag="profile"
    ).rows:
        name = wanted[int(str(number))].name
        before = found[name][1] if name in found else ()
        found[name] = (int(str(different)), (*before, (_short(str(value)), int(str(times)))))
    return found


def _days(bench: Workbench, table: Table, now: datetime) -> tuple[str | None, tuple[tuple[date, int], ...], int]:
    """The column of time, the days with rows, oldest first, and the rows that are dated after now."""
    column = time_column(table)
    if column is None:
        return None, (), 0
    past, finite = past_sql(column, now, bench.workspace.zone), f"isfinite({identifier(column.name)})"
    quarters = (
        f"SELECT {quarter_sql(column)} AS quarter, {past} AS past, count(*) AS rows "  # noqa: S608
        f"FROM {_from(table)} WHERE {finite} GROUP BY ALL"
    )
    sql = (
        f"SELECT CASE WHEN past THEN {day_of_quarter_sql(column, 'quarter')} END AS day, sum(rows) "  # noqa: S608
        f"FROM ({quarters}) GROUP BY 1 ORDER BY 1 DESC NULLS FIRST"
    )
    found = bench.marts.rows(sql, limit=_MOST_DAYS, timeout_s=PROFILE_S, tag="profile").rows
    later = sum(int(str(rows)) for day, rows in found if day is None)
    days = [(day, int(str(rows))) for day, rows in found if isinstance(day, date)]
    return column.name, tuple(reversed(days)), later


def _gaps(days: Sequence[tuple[date, int]], today: date) -> tuple[Gap, ...]:
    """Stretches without rows, the longest first; today itself is still open and no gap."""
    ends = [day for day, _ in days]
    if not ends:
        return ()
    one = timedelta(days=1)
    found = [Gap(first=earlier + one, last=later - one) for earlier, later in pairwise([*ends, today]) if later - earlier > one]
    return tuple(sorted(found, key=lambda gap: (-gap.days, gap.first)))


def _keys(bench: Workbench, table: Table, rows: int, columns: Sequence[_Seen]) -> tuple[tuple[str, ...], ...]:
    """Columns that name every row, counted exactly; where there is none, pairs of them."""
    if not rows:
        return ()
    full = [seen for seen in columns if seen.nulls == 0 and not seen.type.startswith(_MEASURES)]
    single = _unique(bench, table, rows, [(seen.name,) for seen in full if seen.distinct >= _KEY_LIKE * rows])
    single = tuple(key for key in single if names_rows(key[0])) or single  # others may be one by chance
    if single or rows > _PAIR_ROWS:
        return single
    pairs = [(one, other) for one, other in combinations(full, 2) if one.distinct * other.distinct >= _KEY_LIKE * rows]
    pairs.sort(key=lambda pair: pair[0].distinct * pair[1].distinct)
    return _unique(bench, table, rows, [(one.name, other.name) for one, other in pairs[:_PAIRS_TRIED]])


def _unique(bench: Workbench, table: Table, rows: int, tried: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    for columns in tried:
        names = ", ".join(identifier(name) for name in columns)
        values = names if len(columns) == 1 else f"({names})"
        try:
            (different,) = _row(bench, f"SELECT count(DISTINCT {values}) FROM {_from(table)}")  # noqa: S608
        except LimitExceeded:  # too large to count: then nobody says that it is a key
            continue
        if different == rows:
            found.append(columns)
    return tuple(found)


def _shown(value: object, zone: ZoneInfo) -> Shown:
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int | Decimal | date) or value is None:
        return value
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
