"""The rows behind a difference: what each of two roads makes of every single row, where both can be asked that.

A road can be asked where it is a count or a sum over one table, or a sum or difference of such. A row's share in it is then an
expression, and the rows behind the difference are those whose two shares differ. Everything else is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlglot import exp
from sqlglot.errors import SqlglotError

from heartbeat_lib.audit.case import Case
from heartbeat_lib.audit.evidence import Table
from heartbeat_lib.audit.wording import digits
from heartbeat_lib.marts import MartsError
from heartbeat_lib.marts.engine import Cell
from heartbeat_lib.model.dialect import Dialect
from heartbeat_lib.model.figures import NOTHING
from heartbeat_lib.model.reading import statements

_SHOWN = 20
_COLUMNS = 6
_WHOLE = (
    "with_",
    "joins",
    "laterals",
    "group",
    "having",
    "distinct",
    "qualify",
    "limit",
    "offset",
    "windows",
    "pivots",
    "sample",
)
"""Parts of a SELECT with which a row has no share of its own in the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one row of `table` (schema, name) adds to a road's number."""

    table: tuple[str, str]
    value: exp.Expr


def rows_behind(case: Case, ours: str, theirs: str, dialect: Dialect, title: str) -> Table | None:
    """The rows that count differently on two roads, those that weigh most first; None where a road cannot be asked.

    Parameters
    ----------
    ours, theirs
        Pinned SQL.
    """
    mine, other = _share(ours, dialect), _share(theirs, dialect)
    if mine is None or other is None or mine.table != other.table:
        return None
    schema, name = mine.table
    try:
        columns = _columns(case, schema, name, mine, other)
        if not columns:
            return None
        sql = _listing(mine, other, columns, dialect)
        found = case.workbench.marts.rows(sql, limit=_SHOWN)
    except (MartsError, SqlglotError):  # the difference stands without them
        return None
    heads = (*(column.name for column in found.columns[:-2]), "Ours", "Theirs")
    zone = case.workbench.workspace.zone
    note = f"Only the {_SHOWN} rows that weigh most are shown; there are more." if found.more else ""
    return Table(
        title=title, columns=heads, rows=tuple(tuple(_text(cell, zone) for cell in row) for row in found.rows), note=note
    )


def _share(pinned: str, dialect: Dialect) -> _Share | None:
    try:
        return _of_query(statements(pinned, dialect)[0])
    except (SqlglotError, RecursionError):
        return None


def _of_query(query: exp.Expr) -> _Share | None:
    query = query.unnest() if isinstance(query, exp.Subquery) else query
    if not isinstance(query, exp.Select) or len(query.expressions) != 1 or any(query.args.get(part) for part in _WHOLE):
        return None
    value = query.expressions[0].unalias()
    source, where = query.args.get("from_"), query.args.get("where")
    if source is None:
        return None if where else _combined(value)
    table = source.this
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier) or not table.db:
        return None
    share = _aggregated(value, where.this if where else None)
    if share is None or share.find(exp.Select, exp.Window, exp.AggFunc):
        return None
    for column in list(share.find_all(exp.Column)):
        column.set("table", None)
    return _Share(table=(table.db.lower(), table.name.lower()), value=share)


def _combined(value: exp.Expr) -> _Share | None:
    """Of a sum or a difference of scalar subqueries over the same table."""
    value = _bare(value)
    if isinstance(value, exp.Subquery):
        return _of_query(value)
    if not isinstance(value, exp.Add | exp.Sub):
        return None
    left, right = _combined(value.this), _combined(value.expression)
    if left is None or right is None or left.table != right.table:
        return None
    both = type(value)(this=exp.paren(left.value), expression=exp.paren(right.value))
    return _Share(table=left.table, value=both)


def _bare(value: exp.Expr) -> exp.Expr:
    """Without parentheses, casts, `coalesce(x, 0)`, and a CASE that only decides whether there is a value at all."""
    while True:
        if isinstance(value, exp.Paren | exp.Cast | exp.Coalesce):
            value = value.this
        elif isinstance(value, exp.Case) and len(value.args["ifs"]) == 1 and not value.args.get("default"):
            value = value.args["ifs"][0].args["true"]
        else:
            return value


def _aggregated(value: exp.Expr, condition: exp.Expr | None) -> exp.Expr | None:
    """What a row adds to `count(*)`, `count(x)` or `sum(x)`, with or without a FILTER, or to a sum or difference of such."""
    value = _bare(value)
    if isinstance(value, exp.Add | exp.Sub):
        left, right = _aggregated(value.this, condition), _aggregated(value.expression, condition)
        return None if left is None or right is None else type(value)(this=exp.paren(left), expression=exp.paren(right))
    conditions = [condition] if condition is not None else []
    if isinstance(value, exp.Filter):
        conditions.append(value.expression.this)
        value = _bare(value.this)
    if isinstance(value, exp.Count) and not isinstance(value.this, exp.Distinct) and not value.expressions:
        if not isinstance(value.this, exp.Star):
            conditions.append(exp.Not(this=exp.Is(this=exp.paren(value.this.copy()), expression=exp.null())))
        counted: exp.Expr = exp.Literal.number(1)
    elif isinstance(value, exp.Sum) and not isinstance(value.this, exp.Distinct):
        counted = exp.Coalesce(this=value.this.copy(), expressions=[exp.Literal.number(0)])
    else:
        return None
    if not conditions:
        return counted
    met = exp.and_(*(exp.paren(one.copy()) for one in conditions))
    return exp.Case(ifs=[exp.If(this=met, true=counted)], default=exp.Literal.number(0))


def _columns(case: Case, schema: str, name: str, *shares: _Share) -> list[str]:
    """What tells one row from another to a person: the source's key, else the first column, and what the roads look at."""
    table = next((table for table in case.workbench.marts.tables(schema) if table.name.lower() == name), None)
    if table is None:
        return []
    spelled = {column.name.lower(): column.name for column in table.columns}
    keys = [key for source in case.workbench.workspace.settings.source if source.schema_name == schema for key in source.key]
    looked_at = [column.name for share in shares for column in share.value.find_all(exp.Column)]
    wanted = [key for key in keys if key.lower() in spelled] or [table.columns[0].name]
    return list(dict.fromkeys(spelled[one.lower()] for one in (*wanted, *looked_at) if one.lower() in spelled))[:_COLUMNS]


def _listing(mine: _Share, other: _Share, columns: list[str], dialect: Dialect) -> str:
    shown = [exp.column(column, quoted=True) for column in columns]
    differs = exp.NullSafeNEQ(this=exp.paren(mine.value.copy()), expression=exp.paren(other.value.copy()))
    weight = exp.Abs(this=exp.Sub(this=exp.paren(mine.value.copy()), expression=exp.paren(other.value.copy())))
    query = (
        exp.select(*shown, mine.value.copy(), other.value.copy())
        .from_(exp.table_(mine.table[1], db=mine.table[0], quoted=True))
        .where(differs)
        .order_by(exp.Ordered(this=weight, desc=True), *(column.copy() for column in shown))
    )
    return query.sql(dialect.name)


def _text(value: Cell, zone: ZoneInfo) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(zone)).isoformat(" ", "seconds")
    return str(value) if isinstance(value, bool | str) or not isinstance(value, int | float) else digits(value)
