"""Whether a query is a metric that exists already, under another name or with other filters.

Two queries are `same` where they do the same once names, aliases, CTEs around a table, layout and the order of conditions are
gone. They have one `shape` where the same is worked out of the same columns of the same tables by the same column of time, and
only filters, windows or factors differ. Sharing a table is no likeness.

A bare count measures nothing but its filters, so it is held to more: the two share a condition, or one counts part of what the
other counts, in the same window or by one condition more. Payments that were rejected and payments that were refunded are two
things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp
from sqlglot.errors import SqlglotError

from heartbeat_lib.discovery.candidate import candidates
from heartbeat_lib.discovery.stored import select
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Condition, Kind, anatomy_of
from heartbeat_lib.model.anatomy.sameness import shares_sql
from heartbeat_lib.model.anatomy.tree import Source, own_nodes, sources_of, tree_of
from heartbeat_lib.model.value_sql import ValueSql, ValueSqlRefused, parse_value_sql
from heartbeat_lib.workbench import Workbench

_NAMES: Mapping[type[exp.Expr], str] = {
    exp.Count: "number of rows",
    exp.CountIf: "number of rows",
    exp.Sum: "sum",
    exp.Avg: "average",
    exp.Median: "median",
    exp.Quantile: "quantile",
    exp.PercentileCont: "quantile",
    exp.Max: "largest",
    exp.Min: "smallest",
}


class LikenessKind(StrEnum):
    """How alike: `same` computes the same number, `shape` the same kind of number of other rows."""

    SAME = "same"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """One known query that is like the one in hand; `reason` is a sentence that says in what, and what differs."""

    metric_id: str
    kind: LikenessKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """What stays of a query without its names.

    Attributes
    ----------
    measures
        What is worked out, as ("sum", base columns).
    times
        Columns by which rows belong to a time.
    filters
        All other conditions, by columns and words.
    """

    anatomy: Anatomy
    tables: frozenset[str]
    measures: frozenset[tuple[str, frozenset[str]]]
    times: frozenset[str]
    filters: Mapping[str, Condition]

    @property
    def counts_only(self) -> bool:
        """Whether no column is measured."""
        return all(not columns for _, columns in self.measures)

    @property
    def is_plain(self) -> bool:
        """One aggregate of one column at most, and no quotient: there is one way to put it together."""
        return len(self.measures) == 1 and all(len(columns) <= 1 for _, columns in self.measures) and self.anatomy.ratio is None

    @property
    def windows(self) -> frozenset[str]:
        """The conditions by time, in words."""
        return frozenset(condition.words for condition in self.anatomy.conditions if _is_time(condition))


def duplicates(value_sql: ValueSql, known: Iterable[tuple[str, ValueSql]]) -> tuple[Likeness, ...]:
    """The known queries that are like this one: the same first, then those of one shape, each in the order given.

    A query that cannot be taken apart is like those with the same words only.
    """
    ours = _core(value_sql)
    found: list[Likeness] = []
    for metric_id, theirs in known:
        if value_sql.canonical == theirs.canonical:
            found.append(Likeness(metric_id=metric_id, kind=LikenessKind.SAME, reason="It is the same query, word for word."))
        elif ours is not None and (core := _core(theirs)) is not None:
            found += _compared(metric_id, ours, core, whole=shares_sql(value_sql, theirs))
    return tuple(sorted(found, key=lambda one: one.kind is not LikenessKind.SAME))


def known_queries(bench: Workbench, *, but: str | None = None) -> tuple[tuple[str, ValueSql], ...]:
    """The queries of living metrics, of retired ones as they last read, and of candidates that were drafted, in that order.

    Parameters
    ----------
    but
        An id to leave out: the candidate in hand.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    living = [(row["metric_id"], row["value_sql"]) for row in select(bench, "living")]
    retired = [(row["metric_id"], row["last_row"].get("value_sql")) for row in select(bench, "retired")]
    alive = {metric_id for metric_id, _ in living}
    drafts = [(one.candidate_id, one.draft["value_sql"]) for one in candidates(bench) if one.draft]
    drafts = [(candidate_id, text) for candidate_id, text in drafts if candidate_id not in alive]
    dialect = dialect_for(bench.workspace.marts_url)
    found: list[tuple[str, ValueSql]] = []
    for metric_id, text in (*living, *retired, *drafts):
        if text and metric_id != but:
            try:
                found.append((metric_id, parse_value_sql(text, dialect)))
            except ValueSqlRefused:  # written for another engine: nothing to compare
                continue
    return tuple(found)


def _compared(metric_id: str, ours: _Core, theirs: _Core, *, whole: bool) -> Iterator[Likeness]:
    if not _alike(ours, theirs):
        return
    differs = list(_differences(ours, theirs))
    if not differs and (whole or ours.anatomy.value == theirs.anatomy.value or ours.is_plain):
        yield Likeness(metric_id=metric_id, kind=LikenessKind.SAME, reason=f"It computes the same: {_measure_words(ours)}.")
        return
    told = "; ".join(differs) or "how the parts are put together differs"
    reason = f"It computes {_measure_words(ours)}{_by(ours)}, as {metric_id} does. What differs: {told}."
    yield Likeness(metric_id=metric_id, kind=LikenessKind.SHAPE, reason=reason)


def _alike(ours: _Core, theirs: _Core) -> bool:
    if ours.measures != theirs.measures or not ours.measures or (ours.anatomy.ratio is None) != (theirs.anatomy.ratio is None):
        return False
    if ours.times != theirs.times and not (ours.times & theirs.times):
        return False
    if ours.counts_only:
        return ours.tables == theirs.tables and _count_alike(ours, theirs)
    return ours.tables <= theirs.tables or theirs.tables <= ours.tables


def _count_alike(ours: _Core, theirs: _Core) -> bool:
    mine, other = set(ours.filters), set(theirs.filters)
    counted = [{key for key, one in core.filters.items() if one.counted} for core in (ours, theirs)]
    if counted[0] != counted[1] and not (counted[0] & counted[1]):
        return False
    if mine & other:
        return True
    return (mine <= other or other <= mine) and (len(mine ^ other) <= 1 or ours.windows == theirs.windows)


def _differences(ours: _Core, theirs: _Core) -> Iterator[str]:
    for where, mine, other in (("here", ours, theirs), ("there", theirs, ours)):
        extra = [words for words in mine.filters if words not in other.filters]
        if extra:
            yield f"only {where} {' and '.join(extra)}"
    if ours.windows != theirs.windows:
        mine, other = (" and ".join(sorted(core.windows)) or "all time" for core in (ours, theirs))
        yield f"here {mine}, there {other}"
    for name in ("factors", "divisors"):
        mine, other = (getattr(core.anatomy, name) for core in (ours, theirs))
        if mine != other:
            yield f"other {name} ({_numbers(mine)} here, {_numbers(other)} there)"
    if ours.tables != theirs.tables:
        yield f"the tables ({', '.join(sorted(ours.tables ^ theirs.tables))} in one of them only)"


def _numbers(numbers: frozenset[float]) -> str:
    return ", ".join(f"{number:g}" for number in sorted(numbers)) or "none"


def _measure_words(core: _Core) -> str:
    parts = [
        f"the {name} of {', '.join(sorted(columns))}" if columns else f"the {name}"
        for name, columns in sorted(core.measures, key=str)
    ]
    share = " as a quotient" if core.anatomy.ratio else ""
    return f"{' and '.join(parts)}{share} over {', '.join(sorted(core.tables))}"


def _by(core: _Core) -> str:
    return f" by {', '.join(sorted(core.times))}" if core.times else ""


def _is_time(condition: Condition) -> bool:
    return condition.kind in (Kind.WINDOW, Kind.GUARD) or (condition.kind is Kind.UNREAD and condition.asks_clock)


def _core(value_sql: ValueSql) -> _Core | None:
    try:
        anatomy = anatomy_of(value_sql)
        tree = tree_of(value_sql)
    except (SqlglotError, ValueError, RecursionError):
        return None
    times = {column for one in anatomy.conditions if _is_time(one) and one.kind is not Kind.GUARD for column in one.columns}
    guards = {column for one in anatomy.conditions if one.kind is Kind.GUARD for column in one.columns}
    return _Core(
        anatomy=anatomy,
        tables=frozenset(table.lower() for table in value_sql.tables),
        measures=frozenset(_measures(tree)),
        times=frozenset(times or guards),
        filters={one.words: one for one in anatomy.conditions if not _is_time(one)},
    )


def _measures(tree: exp.Expr) -> Iterator[tuple[str, frozenset[str]]]:
    selects = list(tree.find_all(exp.Select))
    everywhere = {id(one): sources_of(one) for one in selects}
    for one in selects:
        for node in own_nodes(one):
            name = _NAMES.get(type(node))
            if name is None:
                continue
            inside = node.this
            if isinstance(inside, exp.Distinct):
                yield "number of different values", _columns(inside, everywhere[id(one)], everywhere)
            elif name == "number of rows" or _is_counting(node):
                yield "number of rows", frozenset()
            elif isinstance(inside, exp.Expr):
                yield name, _columns(inside, everywhere[id(one)], everywhere)


def _is_counting(node: exp.Expr) -> bool:
    """`sum(CASE WHEN x THEN 1 ELSE 0 END)` counts rows."""
    if not isinstance(node, exp.Sum) or not isinstance(node.this, exp.Case):
        return False
    counted = [branch.args.get("true") for branch in node.this.args.get("ifs") or ()]
    return all(isinstance(one, exp.Literal) and one.name == "1" for one in counted)


def _columns(node: exp.Expr, sources: Mapping[str, Source], everywhere: Mapping[int, Mapping[str, Source]]) -> frozenset[str]:
    """The columns of base tables that go into an expression; what only decides whether a row counts is none of them."""
    hidden = {id(column) for case in node.find_all(exp.If) for column in case.this.find_all(exp.Column)}
    found: set[str] = set()
    for column in node.find_all(exp.Column):
        if id(column) not in hidden:
            found |= _bases(column, sources, everywhere)
    return frozenset(found)


def _bases(column: exp.Column, sources: Mapping[str, Source], everywhere: Mapping[int, Mapping[str, Source]]) -> frozenset[str]:
    name = column.name.lower()
    own = [sources[column.table.lower()]] if column.table.lower() in sources else list(sources.values())
    if len(own) == 1 and own[0].select is not None:
        inner = own[0].select
        for projection in inner.expressions:
            if not isinstance(projection, exp.Star) and projection.alias_or_name.lower() == name:
                return _columns(projection, everywhere.get(id(inner), {}), everywhere)
        return _bases(exp.column(name), everywhere.get(id(inner), {}), everywhere)
    return frozenset({name})
