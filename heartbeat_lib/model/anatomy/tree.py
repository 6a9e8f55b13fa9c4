"""The syntax tree of a value_sql and its scopes: which table a name stands for inside one SELECT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one

from heartbeat_lib.model.value_sql import ValueSql


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What stands in FROM or JOIN: a base `table` as `schema.table`, or a query (`select`) worked out before."""

    table: str | None = None
    select: exp.Select | None = None


def tree_of(parsed: ValueSql) -> exp.Expr:
    """A tree of one's own, which may be changed."""
    return parse_one(parsed.text, read=parsed.dialect.name)


def source_name(node: exp.Expr) -> str:
    """The name by which columns refer to a table or subquery, in lower case."""
    return node.alias_or_name.lower()


def sources_of(select: exp.Select) -> Mapping[str, Source]:
    """Everything one SELECT reads, by the name it has there."""
    found: dict[str, Source] = {}
    nodes = [joined.this for joined in joins_of(select)]
    if (origin := select.args.get("from_")) is not None:
        nodes.insert(0, origin.this)
    for node in nodes:
        found[source_name(node)] = _source(node)
    return found


def joins_of(select: exp.Select) -> list[exp.Join]:
    """The joins of one SELECT, in order."""
    return select.args.get("joins") or []


def own_nodes(select: exp.Select) -> Iterator[exp.Expr]:
    """The nodes of a SELECT's list of results that belong to itself and not to a query inside it."""
    for projection in select.expressions:
        for node in projection.walk(prune=lambda inner: isinstance(inner, exp.Query)):
            if not isinstance(node, exp.Query):
                yield node


def _source(node: exp.Expr) -> Source:
    if isinstance(node, exp.Subquery):
        return Source(select=node.this if isinstance(node.this, exp.Select) else None)
    if not isinstance(node, exp.Table):
        return Source()
    if not node.db:
        cte = _cte(node)
        if cte is not None:
            return Source(select=cte.this if isinstance(cte.this, exp.Select) else None)
    return Source(table=f"{node.db}.{node.name}".lower() if node.db else node.name.lower())


def _cte(table: exp.Table) -> exp.CTE | None:
    """The CTE that a bare name means: the nearest one around it, and never itself."""
    name, node, inside = table.name.lower(), table.parent, None
    while node is not None:
        inside = node if isinstance(node, exp.CTE) else inside
        held = node.args.get("with_") if not isinstance(node, exp.CTE) else None
        for cte in held.expressions if held is not None else ():
            if cte is inside:
                break
            if cte.alias.lower() == name:
                return cte
        node = node.parent
    return None
