"""Small readings of SQL expressions: a moment, a window, a value, an event and a duration.

Each answers None for what it does not know. Both spellings of a thing read alike: `a >= b` and `b <= a`, `BETWEEN` and two
comparisons, `CAST(x AS DATE) = d` and `x >= d AND x < d + 1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from heartbeat_lib.model.anatomy.spans import Edge, Moment, Span
from heartbeat_lib.model.anatomy.tree import Source

_FLIPPED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ}
_SAYS = {exp.LT: "below", exp.LTE: "at most", exp.GT: "above", exp.GTE: "at least", exp.EQ: "is", exp.NEQ: "is not"}
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}
_DAYS = {"DAY": 1, "WEEK": 7}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_TRUNCATED = {"DAY": "today", "WEEK": "week", "MONTH": "month", "QUARTER": "quarter", "YEAR": "year"}
_NOW = ("now", "transaction_timestamp", "get_current_timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumn:
    """A column compared with a moment; `is_day`: the SQL itself takes its day."""

    column: exp.Column
    is_day: bool
    shift: tuple[int, int, int] = (0, 0, 0)
    """Months, days and seconds that the SQL adds to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseColumn:
    """A column as its table names it; `table` None: not of one base table."""

    table: str | None
    name: str


def bare(node: exp.Expr) -> exp.Expr:
    """Without parentheses."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts that must all hold."""
    if node is None:
        return
    node = bare(node)
    if isinstance(node, exp.And):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    elif isinstance(node, exp.Boolean) and node.this:
        return
    else:
        yield node


def moment_of(node: exp.Expr) -> Moment | None:
    """A named instant: a clock, the start of its month, a fixed date, each with whole amounts added."""
    node = bare(node)
    if isinstance(node, exp.CurrentDate):
        return Moment(base="today")
    if isinstance(node, exp.CurrentTimestamp | exp.Localtimestamp) or (
        isinstance(node, exp.Anonymous) and node.name.lower() in _NOW
    ):
        return Moment(base="now")
    if isinstance(node, exp.Cast):
        inner = moment_of(node.this)
        if inner is None and isinstance(node.this, exp.Literal) and node.this.is_string:
            return Moment(base=node.this.name)
        if inner is not None and node.to.is_type("date") and inner.base == "now":
            return replace(inner, base="today") if not inner.seconds else None
        return inner
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        inner, base = moment_of(node.this), _TRUNCATED.get(node.text("unit").upper())
        whole = inner is not None and inner in (Moment(base="today"), Moment(base="now"))
        return Moment(base=base) if whole and base else None
    if isinstance(node, exp.Add | exp.Sub):
        inner, added = moment_of(node.this), amount_of(node.expression)
        if inner is None or added is None:
            return None
        sign = -1 if isinstance(node, exp.Sub) else 1
        months, days, seconds = (sign * part for part in added)
        return Moment(base=inner.base, months=inner.months + months, days=inner.days + days, seconds=inner.seconds + seconds)
    return None


def asks_clock(node: exp.Expr) -> bool:
    """Whether anything in it is today or now."""
    return any(moment_of(inner) in (Moment(base="today"), Moment(base="now")) for inner in node.walk())


def amount_of(node: exp.Expr) -> tuple[int, int, int] | None:
    """A fixed length of time as months, days and seconds; a bare number counts days."""
    node = bare(node)
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return (0, int(node.name), 0)
    if isinstance(node, exp.Interval):
        number, unit = number_of(node.this), node.text("unit").upper().removesuffix("S")
        if number is not None and number == int(number):
            whole = int(number)
            return _MONTHS.get(unit, 0) * whole, _DAYS.get(unit, 0) * whole, _SECONDS.get(unit, 0) * whole
    return None


def number_of(node: exp.Expr | None) -> float | None:
    """A number written out."""
    node = None if node is None else bare(node)
    sign = 1
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this
    if isinstance(node, exp.Cast):
        node = node.this
    if isinstance(node, exp.Literal):
        try:
            return sign * float(node.name)
        except ValueError:
            return None
    return None


def _time_column(node: exp.Expr) -> TimeColumn | None:
    node = bare(node)
    if isinstance(node, exp.Column):
        return TimeColumn(column=node, is_day=False)
    day = (isinstance(node, exp.Cast) and node.to.is_type("date")) or isinstance(node, exp.Date | exp.TsOrDsToDate)
    day = day or (isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and node.text("unit").upper() == "DAY")
    if day and isinstance(node.this, exp.Column):
        return TimeColumn(column=node.this, is_day=True)
    if isinstance(node, exp.Add | exp.Sub) and isinstance(bare(node.this), exp.Column):
        added = amount_of(node.expression)
        if added is not None:
            sign = -1 if isinstance(node, exp.Sub) else 1
            months, days, seconds = (sign * part for part in added)
            return TimeColumn(column=bare(node.this), is_day=False, shift=(months, days, seconds))  # type: ignore[arg-type]
    return None


def windows_of(node: exp.Expr) -> tuple[TimeColumn, tuple[Span, ...]] | None:
    """A column of time and the windows it has to lie in; several where OR joins them."""
    node = bare(node)
    if isinstance(node, exp.Or):
        branches = [_conjoined(branch) for branch in _disjuncts(node)]
        if all(branch is not None for branch in branches):
            read = [branch for branch in branches if branch is not None]
            if len({branch[0].column.sql() for branch in read}) == 1:
                return read[0][0], tuple(span for branch in read for span in branch[1])
        return None
    if isinstance(node, exp.Between):
        column, low, high = _time_column(node.this), moment_of(node.args["low"]), moment_of(node.args["high"])
        if column is None or low is None or high is None:
            return None
        ends = (Edge(moment=_unshifted(low, column), inclusive=True), Edge(moment=_unshifted(high, column), inclusive=True))
        return column, (Span(low=ends[0], high=ends[1]),)
    kind = type(node)
    if kind not in _FLIPPED or kind is exp.NEQ:
        return None
    column, at = _time_column(node.this), moment_of(node.expression)
    if column is None or at is None:
        column, at, kind = _time_column(node.expression), moment_of(node.this), _FLIPPED[kind]
    if column is None or at is None:
        return None
    edge = Edge(moment=_unshifted(at, column), inclusive=kind in (exp.GTE, exp.LTE, exp.EQ))
    span = Span(low=edge if kind in (exp.GT, exp.GTE, exp.EQ) else None, high=edge if kind in (exp.LT, exp.LTE, exp.EQ) else None)
    return column, (span,)


def _conjoined(node: exp.Expr) -> tuple[TimeColumn, tuple[Span, ...]] | None:
    """A branch of an OR: bounds on one column that all hold."""
    parts = [windows_of(part) for part in conjuncts(node)]
    read = [part for part in parts if part is not None]
    if len(read) < len(parts) or not read or len({part[0].column.sql() for part in read}) > 1:
        return None
    spans: tuple[Span, ...] = (Span(),)
    for part in read:
        both = (one.within(other) for one in spans for other in part[1])
        spans = tuple(span for span in both if span is not None)
    return read[0][0], spans


def _disjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    node = bare(node)
    if isinstance(node, exp.Or):
        yield from _disjuncts(node.this)
        yield from _disjuncts(node.expression)
    else:
        yield node


def _unshifted(at: Moment, column: TimeColumn) -> Moment:
    months, days, seconds = column.shift
    return replace(at, months=at.months - months, days=at.days - days, seconds=at.seconds - seconds)


def shifted_key(node: exp.Expr) -> tuple[exp.Column, exp.Column, int] | None:
    """`a.day = b.day - 1` as (a.day, b.day, -1)."""
    if not isinstance(node, exp.EQ):
        return None
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        column = _time_column(other)
        if isinstance(one, exp.Column) and column is not None and column.shift[1] and not column.shift[0] and not column.shift[2]:
            return one, column.column, column.shift[1]
    return None


def is_key(node: exp.Expr) -> bool:
    """Whether it only says which rows of two sources belong together."""
    return isinstance(node, exp.EQ) and isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Column)


def event_of(node: exp.Expr) -> tuple[bool, exp.Column] | None:
    """Whether something has happened: (True, column) for "is filled", (False, column) for "is empty, or filled after now"."""
    node = bare(node)
    if isinstance(node, exp.Not):
        inner = bare(node.this)
        if isinstance(inner, exp.Coalesce) and all(isinstance(other, exp.Boolean) for other in inner.expressions):
            inner = bare(inner.this)
            read = windows_of(inner)
            if read is not None and all(span.is_guard for span in read[1]):
                return False, read[0].column
        found = event_of(inner)
        return None if found is None or not isinstance(inner, exp.Is) else (not found[0], found[1])
    if isinstance(node, exp.Is) and isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Null):
        return False, node.this
    if isinstance(node, exp.Or):
        branches = list(_disjuncts(node))
        empty = [event_of(branch) for branch in branches if isinstance(branch, exp.Is)]
        later = [read for branch in branches if (read := windows_of(branch)) is not None]
        if len(branches) == 2 and len(empty) == 1 and len(later) == 1 and empty[0] is not None:
            span = later[0][1][0]
            after = span.high is None and span.low is not None and span.low.moment in (Moment(base="now"), Moment(base="today"))
            if after and later[0][0].column.name.lower() == empty[0][1].name.lower():
                return False, empty[0][1]
    return None


def value_of(node: exp.Expr) -> tuple[exp.Column, tuple[str, ...], bool, str] | None:
    """A column compared with literals: the column, the literals, whether it must be none of them, and words."""
    node = bare(node)
    if isinstance(node, exp.Not):
        inner = value_of(node.this)
        return None if inner is None else (inner[0], inner[1], not inner[2], f"not ({inner[3]})")
    if isinstance(node, exp.In) and isinstance(node.this, exp.Column) and node.expressions:
        values = [_literal(value) for value in node.expressions]
        if all(value is not None for value in values):
            texts = tuple(value for value in values if value is not None)
            return node.this, texts, False, f"is {' or '.join(texts)}"
        return None
    if isinstance(node, exp.Column):
        return None
    kind = type(node)
    if kind not in _FLIPPED:
        return None
    column, value = node.this, _literal(node.expression)
    if not isinstance(column, exp.Column):
        column, value, kind = node.expression, _literal(node.this), _FLIPPED[kind]
    if not isinstance(column, exp.Column) or value is None:
        return None
    return column, (value,), kind is exp.NEQ, f"{_SAYS[kind]} {value}"


def _literal(node: exp.Expr) -> str | None:
    node = bare(node)
    if isinstance(node, exp.Literal):
        return node.name
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    number = number_of(node)
    return None if number is None else f"{number:g}"


def is_comparison(node: exp.Expr) -> bool:
    """Whether it compares two expressions."""
    return type(bare(node)) in _FLIPPED


def compares_sources(node: exp.Expr) -> bool:
    """Whether columns of two sources meet in it."""
    return len({column.table for column in node.find_all(exp.Column)}) > 1


def duration_of(node: exp.Expr) -> float | None:
    """The fixed length, in seconds, that the time between two columns is compared with."""
    node = bare(node)
    for interval in node.find_all(exp.Interval):
        amount = amount_of(interval)
        if amount is not None and not amount[0]:
            return amount[1] * 86_400 + amount[2]
    if type(node) in _FLIPPED and node.find(exp.TimeToUnix):
        number = number_of(node.expression)
        return number if number is not None else number_of(node.this)
    return None


def base_column(column: exp.Column, sources: Mapping[str, Source], everywhere: Mapping[int, Mapping[str, Source]]) -> BaseColumn:
    """The column of a base table that a name stands for, through CTEs and subqueries that only hand it on."""
    name = column.name.lower()
    source = (
        sources.get(column.table.lower()) if column.table else next(iter(sources.values()), None) if len(sources) == 1 else None
    )
    if source is None:
        return BaseColumn(table=None, name=name)
    if source.table is not None:
        return BaseColumn(table=source.table, name=name)
    if source.select is not None:
        inner = everywhere.get(id(source.select), {})
        for projection in source.select.expressions:
            if isinstance(projection, exp.Star):
                return base_column(exp.column(name), inner, everywhere)
            if projection.alias_or_name.lower() == name:
                made = projection.this if isinstance(projection, exp.Alias) else projection
                return base_column(made, inner, everywhere) if isinstance(made, exp.Column) else BaseColumn(table=None, name=name)
    return BaseColumn(table=None, name=name)


def counting_conditions(nodes: Iterable[exp.Expr]) -> Iterator[tuple[exp.Expr, bool]]:
    """The conditions of FILTER and CASE that decide what counts, each with whether it counts zero instead.

    A condition on an aggregate, `CASE WHEN count(*) > 0`, decides whether there is a value at all and is none of these.
    """
    for node in nodes:
        if isinstance(node, exp.Filter):
            yield node.expression.this, False
        elif isinstance(node, exp.CountIf):
            yield node.this, False
        elif isinstance(node, exp.Case) and not node.this and node.find_ancestor(exp.AggFunc):
            for branch in node.args.get("ifs") or ():
                if not branch.this.find(exp.AggFunc):
                    result = branch.args.get("true")
                    yield branch.this, isinstance(result, exp.Null) or number_of(result) == 0
