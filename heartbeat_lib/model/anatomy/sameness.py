"""Whether two queries are two roads: one that shares its meaning, or a whole subquery, with the other proves nothing.

Two SELECTs are the same where they come out equal once letter case, layout, comments, names of columns and tables given on the
way, the order of conditions and constant conditions are gone. Nothing cleverer: a query that was rewritten by hand is a road.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.simplify import simplify

from heartbeat_lib.model.reading import statements
from heartbeat_lib.model.value_sql import ValueSql


def shares_sql(ours: ValueSql, theirs: ValueSql) -> bool:
    """The two have one meaning, or a SELECT of one stands whole in the other."""
    return ours.canonical == theirs.canonical or not _selects(ours).isdisjoint(_selects(theirs))


def _selects(value_sql: ValueSql) -> set[str]:
    """Every SELECT of a query, the whole one too, each in the form in which two of them are compared."""
    name = value_sql.dialect.name
    try:
        tree = statements(value_sql.text, value_sql.dialect)[0]
        tree = simplify(normalize_identifiers(tree, dialect=name), dialect=name)
        return {_plain(node.copy()).sql(name, comments=False) for node in tree.find_all(exp.Select, exp.SetOperation)}
    except (SqlglotError, ValueError, RecursionError):  # what it cannot rewrite is compared by its words alone
        return set()


def _plain(select: exp.Expr) -> exp.Expr:
    """Without the names given to what it computes, and of one table without the name given to that."""
    for node in [select, *select.find_all(exp.Select)]:
        if not isinstance(node, exp.Select):
            continue
        node.set("expressions", [projection.unalias() for projection in node.expressions])
        source = node.args.get("from_")
        table = source.this if isinstance(source, exp.From) and not node.args.get("joins") else None
        if isinstance(table, exp.Table) and len(list(node.find_all(exp.Select))) == 1:
            table.set("alias", None)
            for column in node.find_all(exp.Column):
                column.set("table", None)
    return select
