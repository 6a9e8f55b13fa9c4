"""What the marts hold and whether it is alive: one line per table, cheap enough for hundreds of tables.

A few statements for all: the tables with their rows, the loader's books of each schema, and for the tables that have a column
of time one look at that column each, many in one statement. Rows dated after now are never the newest. The states, in this
order:

- **dead**: no rows, no value in its column of time, or nothing for more than 400 days: even a yearly table has stirred by then.
- **stale**: its last load is older than the source promised (`max_age`), or without a promise than three of the source's usual
  rhythms; or its newest row is older than that and than twice what nine in ten of its pauses between days last. A table that
  was never loaded through the loader is judged by its rows alone.
- **thin**: fewer than 30 rows, or rows on fewer than 7 days, from which on a benchmark is shown; also where its column of time
  could not be read in time, for then nothing can be said either.
- **populated**: none of these.

The surprise: a view is never counted. It is asked for one row, and is dead where it has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery.stored import select
from heartbeat_lib.discovery.time_column import day_of_quarter_sql, past_sql, quarter_sql, time_column
from heartbeat_lib.marts import Column, Load, MartsError, Table
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.display import age
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element
from heartbeat_lib.model.words import counted, promise
from heartbeat_lib.workbench import Workbench

DEAD_AFTER = timedelta(days=400)
"""Nothing happened for longer than this: dead."""
FEWEST_ROWS, FEWEST_DAYS = 30, 7
"""Below either a table is thin."""
_RHYTHMS, _PAUSES = 3, 2
_TOGETHER = 50
"""Tables in one statement."""
_VIEW_S = 2.0
"""A view that gives no row in this time is not waited for."""


class State(StrEnum):
    """Whether a table can carry a metric; the module says where each begins."""

    POPULATED = "populated"
    THIN = "thin"
    DEAD = "dead"
    STALE = "stale"


class NoSuchSchemaError(HeartbeatError):
    """A schema in which the marts have no table."""

    def __init__(self, schema: str, there: Sequence[str]) -> None:
        self.schema = schema
        known = f"They have {', '.join(there)}." if there else "They are empty; `heartbeat load` fills them."
        super().__init__(f"The marts have no table in a schema {schema!r}. {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRow:
    """One table or view.

    Attributes
    ----------
    table
        `schema.name`.
    rows
        None for a view.
    last_load
        End of the last completed load that brought rows into it, aware; of its schema where its rows do not say which load
        brought them; None where there are no books.
    time_column
        The column that says when a row happened; None without one.
    newest
        Its newest value by now: a date, an instant in the workspace's zone, or a wall clock; None without one.
    state, why
        The word, and a sentence for it.
    """

    table: str
    rows: int | None
    last_load: datetime | None
    time_column: str | None
    newest: date | datetime | None
    state: State
    why: str


class Catalogue(tuple[CatalogueRow, ...]):
    """All rows, by schema and name; Jupyter shows them as a table."""

    __slots__ = ()

    def json(self) -> list[dict[str, Any]]:
        """As `heartbeat discover --json` has it under `probe`."""
        return [asdict(row) for row in self]

    def __repr__(self) -> str:
        return f"{counted(len(self), 'table')}: " + ", ".join(f"{count} {state}" for state, count in self._counts() if count)

    def _repr_html_(self) -> str:
        if not self:
            return element("div", "No tables. `heartbeat load` brings some.")
        heads = ("table", "rows", "state", "column of time", "newest", "why")
        head = [element("th", name, style=f"text-align:{'right' if name == 'rows' else 'left'}") for name in heads]
        body = [element("tr", *_cells(row)) for row in self]
        table = element("table", element("thead", element("tr", *head)), element("tbody", *body), style=TABLE)
        return element("div", element("div", repr(self)), table)

    def _counts(self) -> list[tuple[State, int]]:
        return [(state, sum(row.state is state for row in self)) for state in State]


SHAPES = {State.POPULATED: "●", State.THIN: "◌", State.STALE: "▲", State.DEAD: "✕"}


def _cells(row: CatalogueRow) -> Iterator[Markup]:
    yield element("td", row.table, style="text-align:left")
    yield element("td", "view" if row.rows is None else f"{row.rows:,}", style="text-align:right")
    yield element("td", f"{SHAPES[row.state]} {row.state}", style="text-align:left;white-space:nowrap")
    yield element("td", row.time_column or "–", style="text-align:left")
    yield element("td", newest_words(row.newest), style="text-align:left;white-space:nowrap")
    yield element("td", row.why, style=f"text-align:left;{FAINT}")


def newest_words(newest: date | datetime | None) -> str:
    """The newest value to the minute; a dash for None."""
    if newest is None:
        return "–"
    return f"{newest:%Y-%m-%d %H:%M}" if isinstance(newest, datetime) else str(newest)


def catalogue(bench: Workbench, schema: str | None = None, *, now: datetime | None = None) -> Catalogue:
    """Every table and view of the marts, or of one schema.

    Parameters
    ----------
    now
        Aware; the instant to which everything is held, such as the end of a bank's last year. None: this very moment.

    Raises
    ------
    NoSuchSchemaError
        The marts have no table in it.
    MartsError, StoreError
        The marts, or the store, cannot be read.
    """
    now = now or datetime.now(UTC)
    tables = bench.marts.tables(schema)
    if schema is not None and not tables:
        raise NoSuchSchemaError(schema, sorted({table.schema for table in bench.marts.tables()}))
    books = {name: bench.marts.loads(name) for name in dict.fromkeys(table.schema for table in tables)}
    rhythms = {row["source_schema"]: row["usual_rhythm"] for row in select(bench, "rhythms")}
    promises = {source.schema_name: source.max_age for source in bench.workspace.settings.source}
    looks = _looks(bench, [table for table in tables if table.rows], now)
    views = _views(bench, [table for table in tables if table.rows is None])
    rows: list[CatalogueRow] = []
    for table in tables:
        key = (table.schema, table.name)
        loaded = _last_load(table, books[table.schema], now)
        allowed = _Allowed(promise=promises.get(table.schema), rhythm=rhythms.get(table.schema))
        column = time_column(table)
        look = looks.get(key)
        state, why = (
            views[key] if table.rows is None else _judged(table, column, look, loaded, allowed, now, bench.workspace.zone)
        )
        rows.append(
            CatalogueRow(
                table=f"{table.schema}.{table.name}",
                rows=table.rows,
                last_load=loaded,
                time_column=column.name if column else None,
                newest=look.newest if isinstance(look, _Look) else None,
                state=state,
                why=why,
            )
        )
    return Catalogue(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    """How old a source may be: by promise, else by three of its rhythms; `span` is None where nobody knows."""

    promise: timedelta | None
    rhythm: timedelta | None

    @property
    def span(self) -> timedelta | None:
        return self.promise or (None if self.rhythm is None else _RHYTHMS * self.rhythm)

    def words(self) -> str:
        return f"{promise(self.promise)} was promised" if self.promise else f"loads usually come every {age(self.rhythm)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one column of time says: values at all, the newest by now, days with rows by now, and its usual pause between them."""

    filled: int
    newest: date | datetime | None
    days: int
    pause: timedelta | None


def _looks(bench: Workbench, tables: Sequence[Table], now: datetime) -> Mapping[tuple[str, str], _Look | MartsError]:
    """Tables with a column of time, many in one statement; where that fails, one by one, so that each has its own failure."""
    columns = {(table.schema, table.name): column for table in tables if (column := time_column(table)) is not None}
    keys = list(columns)
    found: dict[tuple[str, str], _Look | MartsError] = {}
    for part in (keys[at : at + _TOGETHER] for at in range(0, len(keys), _TOGETHER)):
        try:
            found |= _look_at(bench, {key: columns[key] for key in part}, now)
        except MartsError:
            for key in part:
                try:
                    found |= _look_at(bench, {key: columns[key]}, now)
                except MartsError as error:
                    found[key] = error
    return found


def _look_at(bench: Workbench, columns: Mapping[tuple[str, str], Column], now: datetime) -> dict[tuple[str, str], _Look]:
    keys = list(columns)
    sql = " UNION ALL ".join(
        f"SELECT {number}, seen.* FROM ({_look_sql(key, columns[key], now, bench.workspace.zone)}) AS seen"  # noqa: S608 - names of the marts, quoted
        for number, key in enumerate(keys)
    )
    found: dict[tuple[str, str], _Look] = {}
    for number, filled, newest, days, pause in bench.marts.rows(sql, limit=len(keys), tag="catalogue").rows:
        key = keys[_int(number)]
        found[key] = _Look(
            filled=_int(filled),
            newest=_newest(columns[key], newest, bench.workspace.zone),
            days=_int(days),
            pause=None if pause is None else timedelta(days=_int(pause)),
        )
    return found


def _look_sql(key: tuple[str, str], column: Column, now: datetime, zone: ZoneInfo) -> str:
    """Values at all, the newest by now as text, days with rows by now, and the days that nine in ten pauses between them last."""
    name, past = identifier(column.name), past_sql(column, now, zone)
    table = f"{identifier(key[0])}.{identifier(key[1])}"
    quarters = (
        f"SELECT {quarter_sql(column)} AS quarter, {past} AS past, count(*) AS rows, max({name}) AS newest "  # noqa: S608
        f"FROM {table} WHERE isfinite({name}) GROUP BY ALL"
    )
    days = (
        f"SELECT CASE WHEN past THEN {day_of_quarter_sql(column, 'quarter')} END AS day, sum(rows) AS rows, "  # noqa: S608
        f"max(newest) FILTER (WHERE past) AS newest FROM ({quarters}) GROUP BY 1"
    )
    newest = "epoch_us(max(newest))" if "TIME ZONE" in column.type else "max(newest)"
    return (
        f"SELECT coalesce(sum(rows), 0), CAST({newest} AS VARCHAR), count(day), CAST(quantile_disc(pause, 0.9) AS BIGINT) "  # noqa: S608
        f"FROM (SELECT *, date_diff('day', lag(day) OVER (ORDER BY day), day) AS pause FROM ({days}))"
    )


def _newest(column: Column, text: object, zone: ZoneInfo) -> date | datetime | None:
    if text is None:
        return None
    if "TIME ZONE" in column.type:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(str(text)))).astimezone(zone)
    return date.fromisoformat(str(text)) if column.type == "DATE" else datetime.fromisoformat(str(text))


def _views(bench: Workbench, views: Iterable[Table]) -> Mapping[tuple[str, str], tuple[State, str]]:
    jobs: dict[str, str] = {}
    for view in views:
        name = f"{identifier(view.schema)}.{identifier(view.name)}"
        jobs[json.dumps([view.schema, view.name])] = f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT 1)"  # noqa: S608
    found: dict[tuple[str, str], tuple[State, str]] = {}
    for tag, outcome in bench.marts.scalars(jobs.items(), timeout_s=_VIEW_S):
        schema, name = json.loads(tag)
        if not isinstance(outcome, MartsError):
            known = (State.POPULATED, "A view: it has rows, and nobody counted them.")
            found[schema, name] = known if outcome.value else (State.DEAD, "A view without any row.")
        elif outcome.reason == "timeout":
            found[schema, name] = (State.THIN, f"A view that gave no row within {_VIEW_S:g} s: nothing can be said of it.")
        else:
            found[schema, name] = (State.DEAD, f"A view that cannot be read: {outcome}")
    return found


def _last_load(table: Table, loads: Sequence[Load], now: datetime) -> datetime | None:
    completed = [load for load in loads if load.completed and load.ended is not None and load.ended <= now]
    if any(column.name.lower() == "_dlt_load_id" for column in table.columns):
        own = [load.ended for load in completed if load.ended and load.rows.get(table.name)]
        if own:
            return max(own)
    return max((load.ended for load in completed if load.ended), default=None)


def _judged(
    table: Table,
    column: Column | None,
    look: _Look | MartsError | None,
    loaded: datetime | None,
    allowed: _Allowed,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[State, str]:
    rows = table.rows or 0
    many = counted(rows, "row")
    if not rows:
        return State.DEAD, "It has no rows."
    if isinstance(look, MartsError):
        return (
            State.THIN,
            f"{many}; nothing can be said of them, for {column.name if column else 'they'} could not be read: {look}",
        )
    quiet: timedelta | None = None
    if column is not None and look is not None:
        if not look.filled:
            return State.DEAD, f"{many}, and {column.name} has no value in any of them."
        if look.newest is not None:
            quiet = now - _end_of(look.newest, zone)
            if quiet > DEAD_AFTER:
                said = f"newest {column.name} is of {_day(look.newest, zone)}, {_ago(quiet)}"
                return State.DEAD, f"{many}; its {said}, and nothing has happened since."
    if loaded is not None and allowed.span is not None and now - loaded > allowed.span:
        return State.STALE, f"{many}; its last load ended {age(now - loaded)} ago, and {allowed.words()}."
    if rows < FEWEST_ROWS:
        return State.THIN, f"{many}: too few to say anything, unless it is a list to look things up in."
    if column is None or look is None:
        return State.POPULATED, f"{many}; no column says when one happened."
    if look.newest is None:
        return State.THIN, f"{many}, all of them dated after now by {column.name}."
    if look.days < FEWEST_DAYS:
        return State.THIN, f"{many} on {counted(look.days, 'day')} by {column.name}: too few days to say anything."
    usual = _PAUSES * (look.pause or timedelta(days=1))
    if quiet is not None and quiet > max(usual, allowed.span or timedelta()):
        pause = counted((look.pause or timedelta(days=1)).days, "day")
        said = f"its newest {column.name} is of {_day(look.newest, zone)}, {_ago(quiet)}"
        return State.STALE, f"{many}; {said}, where nine in ten of its pauses last {pause} at most."
    return State.POPULATED, f"{many} on {counted(look.days, 'day')} by {column.name}."


def _end_of(newest: date | datetime, zone: ZoneInfo) -> datetime:
    """The instant of an event; of a bare day its end, because it is not over before."""
    if isinstance(newest, datetime):
        return newest if newest.tzinfo else newest.replace(tzinfo=zone)
    return datetime.combine(newest + timedelta(days=1), time(), zone)


def _ago(span: timedelta) -> str:
    return f"{span.days // 365} years ago" if span.days >= 730 else f"{age(span)} ago"


def _day(newest: date | datetime, zone: ZoneInfo) -> str:
    if isinstance(newest, datetime):
        return str((newest.astimezone(zone) if newest.tzinfo else newest).date())
    return str(newest)


def _int(value: object) -> int:
    return int(str(value))
