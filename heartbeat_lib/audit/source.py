"""Layer 2, the live source: how old is what the number is made of, asked of the loader's own books.

Never asked of the stored source_as_of, because a fresh computed_at can hide a stale source. A table is as old as the last
completed load of its schema, and where its rows say which load brought them, as the last that brought any into this table.

- Older than somebody promised (`[[source]] max_age`): fails. Where only this table's own rows are, and its schema is loaded as
  promised: doubtful, because some tables change rarely.
- Later than three of its usual rhythms (the median span between its last 20 loads): doubtful. Without promise and rhythm the
  metric's own period stands in for them.
- A table whose schema has no books is not examined.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from heartbeat_lib.audit.case import Case, select
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, broken_layer, layer_of
from heartbeat_lib.audit.wording import counted, moment, span
from heartbeat_lib.marts import Load, MartsError
from heartbeat_lib.marts import Table as MartsTable
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.anatomy.columns import columns_read, table_name
from heartbeat_lib.model.display import age
from heartbeat_lib.model.figures import NOTHING
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import StoreError

_RHYTHMS = 3
"""Later than this many of its own rhythms a source is stale; as on the cockpit."""
_REMEMBERED = 20
_LEAST_LOADS = 3
_LOADS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """What is known of one schema's loads: all of them oldest first, the promise, and what ticks noted of failures."""

    loads: Sequence[Load]
    promise: timedelta | None
    failed: int = 0
    error: str = ""

    def completed(self) -> list[tuple[datetime, Load]]:
        return [(load.ended, load) for load in self.loads if load.completed and load.ended is not None]

    def rhythm(self) -> timedelta | None:
        ends = [ended for ended, _ in self.completed()][-_REMEMBERED:]
        if len(ends) < _LEAST_LOADS:
            return None
        return timedelta(seconds=statistics.median((later - earlier).total_seconds() for earlier, later in pairwise(ends)))


def examine(case: Case) -> Layer:
    """Every table that the metric reads: its last load against promise and rhythm, failed loads, rows, and columns read."""
    if case.parsed is None:
        return broken_layer(LayerName.SOURCE, case.unreadable)
    names = [table_name(table) for table in case.parsed.tables]
    if not names:
        return layer_of(LayerName.SOURCE, [], nothing="The SQL reads no table, so nothing can be stale.")
    schemas = list(dict.fromkeys(schema for schema, _ in names))
    try:
        tables = {(table.schema.lower(), table.name.lower()): table for s in schemas for table in case.workbench.marts.tables(s)}
        books = _books(case, schemas)
    except (MartsError, StoreError) as error:
        return broken_layer(LayerName.SOURCE, str(error))
    found = {f"{schema}.{name}": tables.get((schema.lower(), name.lower())) for schema, name in names}
    points: list[Point] = []
    loaded: list[Point] = []
    ages: list[tuple[str, ...]] = []
    for name, table in found.items():
        if table is None:
            points.append(Point(verdict=Verdict.NOT_EXAMINED, what=name, found=f"{name} is not in the marts (any more)."))
            continue
        of_table, line = _freshness(case, name, table, books[table.schema])
        points += of_table
        loaded += [point for point in of_table[:1] if point.verdict is Verdict.HOLDS]
        ages.append(line)
    there = {name: table for name, table in found.items() if table is not None}
    more, columns, failed = _columns(case, there)
    layer = layer_of(
        LayerName.SOURCE,
        points + more,
        nothing="None of its tables says when it was loaded.",
        held=_in_time(loaded, len(found)),
        tables=[*_ages_table(ages), *_loads_table(case, there, books), *columns],
    )
    return _with_gaps(layer, gone=len(there) < len(found), failed=failed)


def _in_time(loaded: Sequence[Point], tables: int) -> str:
    """The first table's sentence, and that the others are like it; empty where no load was found in time."""
    if not loaded:
        return ""
    others = len(loaded) - 1
    silent = tables - len(loaded)
    more = f" {counted(others, 'other table')} came in time too." if others else ""
    rest = f" Of {counted(silent, 'table')} nothing says when it was loaded." if silent else ""
    return f"{loaded[0].found}{more}{rest}"


def _books(case: Case, schemas: Sequence[str]) -> Mapping[str, _Books]:
    promises = {source.schema_name: source.max_age for source in case.workbench.workspace.settings.source}
    noted = {row["source_schema"]: row for row in select(case, "source_failures", schemas=list(schemas))}
    return {
        schema: _Books(
            loads=case.workbench.marts.loads(schema),
            promise=promises.get(schema),
            failed=noted[schema]["failed_loads"] if schema in noted else 0,
            error=(noted[schema]["last_error"] or "") if schema in noted else "",
        )
        for schema in schemas
    }


def _freshness(case: Case, name: str, table: MartsTable, books: _Books) -> tuple[list[Point], tuple[str, ...]]:
    """The points of one table and its line of the table of ages."""
    zone = case.workbench.workspace.zone
    what, promised, rhythm = f"Last load of {name}", books.promise, books.rhythm()
    told = (span(promised) if promised else NOTHING, span(rhythm) if rhythm else NOTHING)
    completed = books.completed()
    if not books.loads:
        said = f"Nothing says when {name} was loaded: its schema has no books of a loader."
        return [Point(verdict=Verdict.NOT_EXAMINED, what=what, found=said)], (name, NOTHING, NOTHING, *told, NOTHING)
    if not completed:
        verdict = Verdict.FAILS if promised else Verdict.DOUBTFUL
        said = f"No load of {name} ever completed; {counted(len(books.loads), 'load')} failed."
        return [Point(verdict=verdict, what=what, found=said)], (name, NOTHING, NOTHING, *told, str(len(books.loads)))
    of_schema, last = completed[-1]
    own = of_schema
    if any(column.name.lower() == "_dlt_load_id" for column in table.columns):
        own = max((ended for ended, load in completed if load.rows.get(table.name)), default=of_schema)
    failed = max(sum(not load.completed for load in books.loads[books.loads.index(last) + 1 :]), books.failed)
    verdict, why = _judged(case, of_schema, own, promised, rhythm)
    old = "after the audited instant" if own > case.as_of else f"{age(case.as_of - own)} before the audited instant"
    said = f"The last load that brought rows into {name} ended on {moment(own, zone)}, {old}{why}."
    points = [Point(verdict=verdict, what=what, found=said)]
    if failed:
        reason = f" The last one said: {books.error.strip().splitlines()[0]}" if books.error.strip() else ""
        points.append(
            Point(
                verdict=Verdict.DOUBTFUL,
                what=f"Failed loads of {name}",
                found=f"Since then {counted(failed, 'load')} of {table.schema} failed.{reason}",
            )
        )
    if table.rows == 0:
        points.append(Point(verdict=Verdict.DOUBTFUL, what=f"Rows of {name}", found=f"{name} is empty."))
    shown_age = age(max(case.as_of - own, timedelta()))
    return points, (name, moment(own, zone), shown_age, *told, str(failed))


def _judged(
    case: Case, of_schema: datetime, own: datetime, promised: timedelta | None, rhythm: timedelta | None
) -> tuple[Verdict, str]:
    """Whether a table is fresh enough, and the rest of the sentence that says so."""
    schema_age, own_age = case.as_of - of_schema, case.as_of - own
    if promised is not None and schema_age > promised:
        return Verdict.FAILS, f"; {span(promised)} was promised"
    if promised is not None and own_age > promised:
        return Verdict.DOUBTFUL, f"; {span(promised)} was promised, and loads of other tables of the source keep it"
    if rhythm is not None and own_age > _RHYTHMS * rhythm:
        return Verdict.DOUBTFUL, f"; loads usually come every {span(rhythm)}"
    if promised is not None:
        return Verdict.HOLDS, f"; {span(promised)} was promised"
    if rhythm is not None:
        return Verdict.HOLDS, f"; loads usually come every {span(rhythm)}, and nobody promised an age"
    period = period_at(case.as_of, Grain(case.metric["period"]), case.workbench.workspace.zone)
    if own_age > period.end - period.start:
        return Verdict.DOUBTFUL, f"; nobody promised an age, and it is older than one {period.grain} of this metric"
    return Verdict.HOLDS, "; nobody promised an age"


def _columns(case: Case, there: Mapping[str, MartsTable]) -> tuple[list[Point], list[Table], str]:
    """What is in the columns that are read: points where nothing is, a table of all, and what the engine said if it failed."""
    assert case.parsed is not None
    known = {name.lower(): {column.name.lower() for column in table.columns} for name, table in there.items()}
    read = columns_read(case.parsed, known)
    points: list[Point] = []
    lines: list[tuple[str, ...]] = []
    failed = ""
    for name, table in there.items():
        columns = [column for column in table.columns if column.name.lower() in read[name.lower()]]
        counts = ", ".join(["count(*)", *(f"count({identifier(column.name)})" for column in columns)])
        sql = f"SELECT {counts} FROM {identifier(table.schema)}.{identifier(table.name)}"  # noqa: S608 - names of the marts, quoted
        try:
            ((rows, *filled),) = case.workbench.marts.rows(sql, limit=1).rows
        except MartsError as error:
            failed = str(error)
            points.append(Point(verdict=Verdict.NOT_EXAMINED, what=f"Columns of {name}", found=f"Could not be read: {error}"))
            continue
        for column, some in zip(columns, filled, strict=True):
            empty = int(str(rows)) - int(str(some))
            lines.append((name, column.name, column.type, f"{rows:,}", f"{empty:,}"))
            if rows and not some:
                said = f"{name}.{column.name} is read and has no value in any of its {counted(int(str(rows)), 'row')}."
                points.append(Point(verdict=Verdict.DOUBTFUL, what=f"{name}.{column.name}", found=said))
    heads = ("Table", "Column", "Type", "Rows", "Without a value")
    return points, [Table(title="Columns it reads", columns=heads, rows=tuple(lines))] if lines else [], failed


def _ages_table(ages: list[tuple[str, ...]]) -> list[Table]:
    heads = ("Table", "Last load that brought rows", "Age", "Promised", "Usual rhythm", "Failed since")
    return [Table(title="How old the sources are", columns=heads, rows=tuple(ages))] if ages else []


def _loads_table(case: Case, there: Mapping[str, MartsTable], books: Mapping[str, _Books]) -> list[Table]:
    """The last loads of each table with the rows of each; "–" where the rows do not say who brought them."""
    zone = case.workbench.workspace.zone
    lines: list[tuple[str, ...]] = []
    silent: list[str] = []
    for name, table in there.items():
        tells = any(column.name.lower() == "_dlt_load_id" for column in table.columns)
        if books[table.schema].loads and not tells:
            silent.append(name)
        for load in reversed(books[table.schema].loads[-_LOADS_SHOWN:]):
            rows = f"{load.rows.get(table.name, 0):,}" if tells else NOTHING
            ended = NOTHING if load.ended is None else moment(load.ended, zone)
            lines.append((name, ended, "completed" if load.completed else "failed", rows))
    note = f"The rows of {', '.join(silent)} do not say which load brought them." if silent else ""
    heads = ("Table", "Load ended", "Outcome", "Rows of it now")
    return [Table(title="The last loads", columns=heads, rows=tuple(lines), note=note)] if lines else []


def _with_gaps(layer: Layer, *, gone: bool, failed: str) -> Layer:
    """A table that is gone, or could not be read, is a failure of the audit: what is left of the layer does not hold for it."""
    if not gone and not failed:
        return layer
    if layer.verdict in (Verdict.FAILS, Verdict.DOUBTFUL):
        return replace(layer, broken=True)
    words = " ".join(point.found for point in layer.points if point.verdict is Verdict.NOT_EXAMINED)
    return replace(layer, verdict=Verdict.NOT_EXAMINED, why=words, broken=True)
