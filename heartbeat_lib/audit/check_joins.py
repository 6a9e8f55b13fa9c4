"""Joins: whether one makes several rows out of one, counted on the marts at the pinned instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

from heartbeat_lib.audit.evidence import Point
from heartbeat_lib.model.anatomy.anatomy import Anatomy, JoinRead
from heartbeat_lib.model.anatomy.reading_sql import conjuncts
from heartbeat_lib.model.anatomy.tree import joins_of, own_nodes, source_name, sources_of
from heartbeat_lib.model.verdict import Verdict

_UNHURT = (exp.Max, exp.Min)  # the largest of several copies is the largest

Count = Callable[[exp.Select], int | None]
"""How many rows a `SELECT count(*)` counts; None where it could not be run."""


def join_points(anatomy: Anatomy, types: Mapping[str, str], count: Count) -> Iterator[Point]:
    """A point for each join. `types` are the columns of the tables read, by `schema.table.column`."""
    for join in anatomy.joins:
        yield _examined(join, types, count)


def _examined(join: JoinRead, types: Mapping[str, str], count: Count) -> Point:
    def point(verdict: Verdict, found: str) -> Point:
        return Point(verdict=verdict, what="Join", found=found)

    on = f" by {join.keys}" if join.keys else ""
    aggregates = [node for node in own_nodes(join.select) if isinstance(node, exp.AggFunc)]
    hurt = [node for node in aggregates if not isinstance(node, _UNHURT) and not isinstance(node.this, exp.Distinct)]
    if aggregates and not hurt:
        return point(
            Verdict.HOLDS, f"{join.joined} is joined{on}; several matches would not change the largest, smallest or distinct."
        )
    before_it = joins_of(join.select)[: join.number]
    owners = {_owner(column, join.select, types) for node in hurt for column in node.find_all(exp.Column)}
    earlier = {source_name(join.select.args["from_"].this), *(source_name(one.this) for one in before_it)}
    of_joined = bool(owners) and "" not in owners and not owners & earlier
    queries = _queries(join, types, keep_joined=of_joined)
    before, after = (None if query is None else count(query) for query in queries)
    if before is None or after is None:
        return point(Verdict.NOT_EXAMINED, f"Whether the join with {join.joined}{on} repeats rows could not be counted.")
    whose = f"rows of {join.joined}" if of_joined else "rows"
    if after <= before:
        return point(Verdict.HOLDS, f"The join with {join.joined}{on} repeats no row: {before:,} {whose} stay {after:,}.")
    found = f"The join with {join.joined}{on} repeats rows: {before:,} {whose} become {after:,}"
    amounts = [node for node in hurt if not isinstance(node, exp.Count)]
    if amounts and owners and (of_joined or owners <= earlier):
        return point(Verdict.FAILS, f"{found}, and what is added up or averaged is taken as often as its row is repeated.")
    return point(Verdict.DOUBTFUL, f"{found}; each is counted as often as it matches.")


def _owner(column: exp.Column, select: exp.Select, types: Mapping[str, str]) -> str:
    """The name of the source that a column is of; empty where the text does not say and the types do not tell."""
    if column.table:
        return column.table.lower()
    holders = [
        name for name, source in sources_of(select).items() if source.table and f"{source.table}.{column.name.lower()}" in types
    ]
    return holders[0] if len(holders) == 1 else ""


def _queries(join: JoinRead, types: Mapping[str, str], *, keep_joined: bool) -> tuple[exp.Select | None, exp.Select | None]:
    """`count(*)` of the rows that have a match, each once, and of the matches."""
    select = join.select
    joins = joins_of(select)
    here = joins[join.number]
    earlier, later = joins[: join.number], joins[join.number + 1 :]
    if isinstance(here.this, exp.Lateral | exp.Unnest) or (here.args.get("method") or ""):
        return None, None
    origin = select.args["from_"].this
    gone = {source_name(one.this) for one in later}
    rows = select.args.get("where")
    parts = [part.copy() for part in conjuncts(here.args.get("on"))] + _using(
        here, [origin, *(one.this for one in earlier)], types, select
    )
    parts += [part.copy() for part in conjuncts(rows.this if rows else None) if not _speaks_of(part, gone, select, types)]
    condition = exp.and_(*parts) if parts else exp.true()
    left = exp.select("count(*)").from_(origin.copy())
    left.set("joins", [one.copy() for one in earlier])
    right = exp.select("count(*)").from_(here.this.copy())
    outer, inner = (right, left) if keep_joined else (left, right)
    once = outer.copy().where(exp.Exists(this=_matching(inner, condition)))
    pairs = left.copy()
    pairs.append("joins", exp.Join(this=here.this.copy(), kind="CROSS"))
    return _with_ctes(once, select), _with_ctes(pairs.where(condition.copy()), select)


def _matching(query: exp.Select, condition: exp.Expr) -> exp.Select:
    made = query.copy().where(condition.copy())
    made.set("expressions", [exp.Literal.number(1)])
    return made


def _using(join: exp.Join, sources: list[exp.Expr], types: Mapping[str, str], select: exp.Select) -> list[exp.Expr]:
    tables = sources_of(select)
    parts: list[exp.Expr] = []
    for key in join.args.get("using") or ():
        name = key.name
        having = [
            source_name(one)
            for one in sources
            if (table := tables[source_name(one)].table) and f"{table}.{name.lower()}" in types
        ]
        holder = having[0] if having else source_name(sources[0])
        parts.append(exp.EQ(this=exp.column(name, table=holder), expression=exp.column(name, table=source_name(join.this))))
    return parts


def _speaks_of(part: exp.Expr, names: set[str], select: exp.Select, types: Mapping[str, str]) -> bool:
    return any(_owner(column, select, types) in names for column in part.find_all(exp.Column))


def _with_ctes(query: exp.Select, select: exp.Select) -> exp.Select:
    """The query with every CTE that the SELECT could name."""
    ctes: list[exp.CTE] = []
    node, inside = select, None
    while node is not None:
        inside = node if isinstance(node, exp.CTE) else inside
        held = node.args.get("with_")
        if held is not None:
            seen = []
            for cte in held.expressions:
                if cte is inside:
                    break
                seen.append(cte.copy())
            ctes = seen + ctes
        node = node.parent
    if ctes:
        query.set("with_", exp.With(expressions=ctes))
    return query
