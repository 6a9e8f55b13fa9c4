"""What a value_sql does, read out of its syntax tree: tables, joins, conditions, time windows, aggregate, unit.

Nothing is run and nothing is guessed. What has no words here becomes a condition of the kind `UNREAD`, so that whoever compares
it with a text knows that it was not examined. Aliases, comments, layout and a CTE around a table change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from sqlglot import exp

from heartbeat_lib.model.anatomy import reading_sql as sql
from heartbeat_lib.model.anatomy.shape import Shape
from heartbeat_lib.model.anatomy.spans import Span
from heartbeat_lib.model.anatomy.tree import Source, joins_of, own_nodes, source_name, sources_of, tree_of
from heartbeat_lib.model.value_sql import ValueSql


class Kind(StrEnum):
    """What a condition says of a row."""

    WINDOW = "window"
    """A column of time lies within bounds."""
    GUARD = "guard"
    """A column of time does not lie after now; nothing else is said of it."""
    VALUE = "value"
    """A column has, or has not, one of some values."""
    HAPPENED = "happened"
    """A column is filled, or filled by now."""
    NOT_HAPPENED = "not happened"
    """A column is empty, or filled only after now."""
    DURATION = "duration"
    """The time between columns is compared with a fixed one."""
    COMPARE = "compare"
    """Columns are compared with each other."""
    UNREAD = "unread"
    """It has no words here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition on rows.

    Attributes
    ----------
    columns
        The columns it is about, without their table.
    counted
        It decides what is counted or added up (FILTER, CASE), not which rows are read.
    spans
        The windows of a WINDOW, brought together with the windows of the rows where it counts among them.
    values, negated
        Of a VALUE: the literals, and whether the column has none of them.
    seconds
        Of a DURATION.
    asks_clock
        Of a COMPARE and UNREAD: it reads today or now, so it may be a window that has no words here.
    words
        The condition for somebody who knows no SQL; for UNREAD the SQL itself.
    """

    kind: Kind
    columns: tuple[str, ...]
    counted: bool
    words: str
    spans: tuple[Span, ...] = ()
    values: tuple[str, ...] = ()
    negated: bool = False
    seconds: float | None = None
    asks_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRead:
    """A join: its `kind` in words, what is joined, the keys in words, and where it stands (`select`, `number`)."""

    kind: str
    joined: str
    keys: str
    select: exp.Select
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy(Shape):
    """What the SQL does: its `Shape`, and what it reads.

    Attributes
    ----------
    tables, columns
        Base tables as `schema.table`; every column named, in lower case.
    """

    tables: tuple[str, ...]
    columns: frozenset[str]
    joins: tuple[JoinRead, ...]
    conditions: tuple[Condition, ...]

    @property
    def windows(self) -> tuple[Condition, ...]:
        """The conditions that are time windows."""
        return tuple(condition for condition in self.conditions if condition.kind is Kind.WINDOW)

    def conditions_on(self, column: str) -> tuple[Condition, ...]:
        """Those about this column."""
        return tuple(condition for condition in self.conditions if column in condition.columns)


def anatomy_of(parsed: ValueSql, types: Mapping[str, str] | None = None) -> Anatomy:
    """Take a value_sql apart.

    Parameters
    ----------
    types
        Type of each column by `schema.table.column` in lower case, as the marts say it. A column that is not in it is one of
        days where its name says so (`_on`, `_date`, `_day`).
    """
    tree = tree_of(parsed)
    selects = list(tree.find_all(exp.Select, bfs=False))
    sources = {id(select): sources_of(select) for select in selects}
    reader = _Reader(sources, types or {}, parsed.dialect.name)
    conditions: list[Condition] = []
    joins: list[JoinRead] = []
    keys = {key.name.lower() for join in tree.find_all(exp.Join) for key in join.args.get("using") or ()}
    for select in selects:
        conditions += [found for found in reader.conditions(select) if found not in conditions]
        joins += reader.joins(select)
    shape = Shape.of(tree, reader.words)
    return Anatomy(
        **{field.name: getattr(shape, field.name) for field in fields(shape)},
        tables=parsed.tables,
        columns=frozenset({column.name.lower() for column in tree.find_all(exp.Column)} | keys),
        joins=tuple(joins),
        conditions=tuple(conditions),
    )


class _Reader:
    """Puts the conditions and joins of one SELECT into words."""

    def __init__(self, sources: Mapping[int, Mapping[str, Source]], types: Mapping[str, str], dialect: str) -> None:
        self._sources, self._types, self._dialect = sources, types, dialect

    def conditions(self, select: exp.Select) -> Iterator[Condition]:
        """Those of WHERE and JOIN, then those of FILTER and CASE, the latter within the windows of the former."""
        where = select.args.get("where")
        rows = list(sql.conjuncts(where.this)) if where else []
        shifts: list[tuple[exp.Column, exp.Column, int]] = []
        for join in joins_of(select):
            for part in sql.conjuncts(join.args.get("on")):
                if (shift := sql.shifted_key(part)) is not None:
                    shifts.append(shift)
                elif not sql.is_key(part):
                    rows.append(part)
        windows, others = self._split(rows, select)
        for shifted, key, days in shifts:
            spans = windows.get(self._key(key, select))
            if spans:
                windows[self._key(shifted, select)] = tuple(span.shifted(days) for span in spans)
        for (_, column), spans in windows.items():
            yield self._window(column, spans, counted=False)
        for part in others:
            yield self._condition(part, select, counted=False, negated=False)
        if (having := select.args.get("having")) is not None:
            yield self._unread(having.this, counted=False)
        for condition, negated in sql.counting_conditions(own_nodes(select)):
            yield from self._counting(condition, select, windows, negated=negated)

    def _counting(
        self,
        condition: exp.Expr,
        select: exp.Select,
        windows: Mapping[tuple[str, str], tuple[Span, ...]],
        *,
        negated: bool,
    ) -> Iterator[Condition]:
        parts = [condition] if negated else list(sql.conjuncts(condition))
        found, others = self._split(parts, select)
        for key, spans in found.items():
            if all(span.is_guard for span in spans) or negated:
                kind = Kind.NOT_HAPPENED if negated else Kind.HAPPENED
                if all(span.is_guard for span in spans):
                    yield self._event(kind, (key[1],), counted=True)
                else:
                    yield self._unread(condition, counted=True)
                continue
            rows = windows.get(key, (Span(),))
            if not all(span.comparable(outer) for span in spans for outer in rows):
                yield self._unread(condition, counted=True)
                continue
            both = [span.within(outer) for span in spans for outer in rows]
            yield self._window(key[1], tuple(span for span in both if span is not None), counted=True)
        for part in others:
            yield self._condition(part, select, counted=True, negated=negated)

    def joins(self, select: exp.Select) -> Iterator[JoinRead]:
        """The joins of one SELECT, in order."""
        for number, join in enumerate(joins_of(select)):
            name = source_name(join.this)
            source = self._sources[id(select)].get(name)
            side = (join.args.get("side") or join.args.get("kind") or "").upper()
            using: list[exp.Identifier] = join.args.get("using") or []
            keys = [key.name.lower() for key in using]
            on: exp.Expr | None = join.args.get("on")
            words = ", ".join(keys) or (self.words(on) if on is not None else "")
            kind = {
                "LEFT": "every row kept, joined where there is a match",
                "RIGHT": "every joined row kept",
                "FULL": "all rows of both kept",
                "CROSS": "each row with each row",
            }.get(side, "only rows with a match" if words else "each row with each row")
            table = source.table if source and source.table else f"the rows worked out as {name}"
            yield JoinRead(kind=kind, joined=table, keys=words, select=select, number=number)

    def _split(self, parts: list[exp.Expr], select: exp.Select) -> tuple[dict[tuple[str, str], tuple[Span, ...]], list[exp.Expr]]:
        windows: dict[tuple[str, str], tuple[Span, ...]] = {}
        others: list[exp.Expr] = []
        for part in parts:
            read = sql.windows_of(part)
            if read is None:
                others.append(part)
                continue
            column, spans = read
            key = self._key(column.column, select)
            if column.is_day or self._is_day(column.column, select):
                spans = tuple(span.whole_days() for span in spans)
            known = windows.get(key, (Span(),))
            if not all(span.comparable(other) for other in known for span in spans):
                others.append(part)
                continue
            both = (span.within(other) for other in known for span in spans)
            windows[key] = tuple(span for span in both if span is not None)
        return windows, others

    def _key(self, column: exp.Column, select: exp.Select) -> tuple[str, str]:
        """The source as named here, and the column as the base table names it."""
        return (column.table.lower(), self._base(column, select).name)

    def _base(self, column: exp.Column, select: exp.Select) -> sql.BaseColumn:
        return sql.base_column(column, self._sources[id(select)], self._sources)

    def _is_day(self, column: exp.Column, select: exp.Select) -> bool:
        base = self._base(column, select)
        known = self._types.get(f"{base.table}.{base.name}") if base.table else None
        return known == "DATE" if known else base.name.endswith(("_on", "_date", "_day"))

    def _window(self, column: str, spans: tuple[Span, ...], *, counted: bool) -> Condition:
        guard = len(spans) == 1 and spans[0].is_guard
        words = (
            f"{column} {' or '.join(span.words() for span in spans)}"
            if spans
            else f"{column} never: its bounds exclude each other"
        )
        return Condition(kind=Kind.GUARD if guard else Kind.WINDOW, columns=(column,), counted=counted, words=words, spans=spans)

    @staticmethod
    def _event(kind: Kind, columns: tuple[str, ...], *, counted: bool) -> Condition:
        state = "is filled by now" if kind is Kind.HAPPENED else "is not filled by now"
        return Condition(kind=kind, columns=columns, counted=counted, words=f"{' and '.join(columns)} {state}")

    def _condition(self, part: exp.Expr, select: exp.Select, *, counted: bool, negated: bool) -> Condition:
        if (event := sql.event_of(part)) is not None:
            happened, column = event
            kind = Kind.HAPPENED if happened != negated else Kind.NOT_HAPPENED
            return self._event(kind, (self._base(column, select).name,), counted=counted)
        if (value := sql.value_of(part)) is not None:
            column, values, unlike, words = value
            name = self._base(column, select).name
            none = unlike != negated
            text = f"{name} {words}" if not negated else f"not ({name} {words})"
            return Condition(kind=Kind.VALUE, columns=(name,), counted=counted, words=text, values=values, negated=none)
        columns = tuple(dict.fromkeys(self._base(column, select).name for column in part.find_all(exp.Column)))
        if len(columns) > 1 or sql.compares_sources(part):
            seconds = sql.duration_of(part)
            kind = Kind.COMPARE if seconds is None else Kind.DURATION
            if sql.is_comparison(part):
                words = self.words(part) if not negated else f"not ({self.words(part)})"
                return Condition(
                    kind=kind, columns=columns, counted=counted, words=words, seconds=seconds, asks_clock=sql.asks_clock(part)
                )
        return self._unread(part, counted=counted)

    def _unread(self, part: exp.Expr, *, counted: bool) -> Condition:
        columns = tuple(dict.fromkeys(column.name.lower() for column in part.find_all(exp.Column)))
        clock = sql.asks_clock(part)
        return Condition(kind=Kind.UNREAD, columns=columns, counted=counted, words=self.words(part), asks_clock=clock)

    def words(self, node: exp.Expr) -> str:
        """An expression as it stands, without comments and without the names given to tables."""
        copy = node.copy()
        for column in copy.find_all(exp.Column):
            column.set("table", None)
        return copy.sql(dialect=self._dialect, comments=False)
