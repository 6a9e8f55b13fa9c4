"""Which columns a query reads of which table: names out of the syntax tree, placed with the columns that the marts have.

A bare name is placed where a table of its SELECT has such a column; an alias or a CTE's column is of no table. What cannot be
placed is left out: nobody is told of a column that was not read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from heartbeat_lib.model.dialect import lower_ascii
from heartbeat_lib.model.reading import statements
from heartbeat_lib.model.value_sql import ValueSql


def columns_read(value_sql: ValueSql, known: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Table (`schema.table`, lower case) -> its columns that are read, in lower case.

    Parameters
    ----------
    known
        The same names of tables -> all their columns, in lower case.
    """
    found: dict[str, set[str]] = {table: set() for table in known}
    try:
        scopes = traverse_scope(statements(value_sql.text, value_sql.dialect)[0])
    except SqlglotError:  # what it cannot take apart the engine may still run
        return found
    for scope in scopes:
        tables = {lower_ascii(alias): _name(source) for alias, source in scope.sources.items() if isinstance(source, exp.Table)}
        here = [table for table in tables.values() if table in known]
        for column in scope.columns:
            for table in [tables.get(lower_ascii(column.table), "")] if column.table else here:
                if table in known and lower_ascii(column.name) in known[table]:
                    found[table].add(lower_ascii(column.name))
        for join in scope.expression.args.get("joins") or ():
            for name in join.args.get("using") or ():
                for table in here:
                    if lower_ascii(name.name) in known[table]:
                        found[table].add(lower_ascii(name.name))
        if isinstance(scope.expression, exp.Select) and scope.expression.is_star:
            for table in here:
                found[table].update(known[table])
    return found


def table_name(table: str) -> tuple[str, str]:
    """Schema and table of a name as `ValueSql.tables` spells it; the engine's own schema where it is bare."""
    read = exp.to_table(table)
    return read.db or "main", read.name


def _name(table: exp.Table) -> str:
    return f"{lower_ascii(table.db) or 'main'}.{lower_ascii(table.name)}"
