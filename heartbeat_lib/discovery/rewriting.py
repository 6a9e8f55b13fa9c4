"""A query with another table in the place of each that it reads: the same text to the engine, other rows.

Only the tree is touched, so what sqlglot cannot write back as it was is told by asking the query untouched (`round_trip`). The
surprise: a name qualified by its schema (`shop.orders.id`) means nothing beside a subquery, so such names lose the schema.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from heartbeat_lib.model.anatomy.columns import table_name
from heartbeat_lib.model.reading import statements
from heartbeat_lib.model.value_sql import ValueSql

_PLAIN = {"this", "db", "catalog", "alias"}


class CannotRewrite(Exception):
    """Why a query cannot be written over other rows."""


def round_trip(parsed: ValueSql, pinned: str) -> str:
    """The pinned query as sqlglot writes it, with nothing changed. Raises CannotRewrite."""
    return _tree(parsed, pinned).sql(parsed.dialect.name, comments=False)


def over(
    parsed: ValueSql, pinned: str, rows: Callable[[str], str | None], change: Callable[[exp.Expr], None] | None = None
) -> str:
    """The pinned query over other rows.

    Parameters
    ----------
    pinned
        What `parsed.pinned` gave.
    rows
        `schema.table` in lower case -> the SELECT that stands for the table, or None: it stays.
    change
        What else is to be done to the tree before the tables are replaced; None: nothing.

    Raises
    ------
    CannotRewrite
        A table stands where a subquery may not, or the tree cannot be taken apart.
    """
    tree = _tree(parsed, pinned)
    if change is not None:
        change(tree)
    found: list[tuple[exp.Table, str]] = []
    try:
        for scope in traverse_scope(tree):
            sources = [source for source in scope.sources.values() if isinstance(source, exp.Table)]
            found += [(table, f"{table.db or 'main'}.{table.name}".lower()) for table in sources]
    except SqlglotError as error:
        raise CannotRewrite(f"its parts cannot be told apart ({error})") from None
    named = {".".join(table_name(name)).lower() for name in parsed.tables}
    if {name for _, name in found} != named or any(
        table.db and not any(table is known for known, _ in found) for table in tree.find_all(exp.Table)
    ):
        raise CannotRewrite("not every table of it was found in its tree")
    for table, name in {id(table): (table, name) for table, name in found}.values():
        select = rows(name)
        if select is None:
            continue
        if any(value for key, value in table.args.items() if key not in _PLAIN):
            raise CannotRewrite(f"{name} stands in a clause that takes no subquery")
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
        inner = statements(select, parsed.dialect)[0]
        table.replace(exp.Subquery(this=inner, alias=alias.copy()))
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return tree.sql(parsed.dialect.name, comments=False)


def _tree(parsed: ValueSql, pinned: str) -> exp.Expr:
    try:
        return statements(pinned, parsed.dialect)[0]
    except (SqlglotError, RecursionError) as error:
        raise CannotRewrite(f"it cannot be read ({error})") from None
