"""What a query works out of its rows: aggregate, quotient, factors, and the result in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from heartbeat_lib.model.anatomy.reading_sql import bare, number_of

_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.CountIf: "count",
    exp.Sum: "sum",
    exp.Avg: "average",
    exp.Median: "median",
    exp.Quantile: "median",
    exp.PercentileCont: "median",
    exp.Max: "largest",
    exp.Min: "smallest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is worked out of the rows.

    Attributes
    ----------
    aggregates
        Of count, distinct, sum, average, median, largest, smallest: those in the order of the text.
    measured
        The columns inside sums, averages, medians and extremes.
    factors
        Numbers that something is multiplied by, such as 100 and 1000.
    divisors
        Numbers that something is divided by, such as 86400.
    ratio
        Numerator and denominator in words, where the value is a quotient.
    elapsed
        The units of time that differences are taken in: "days" of `date - date`, "seconds" of `epoch(a) - epoch(b)`.
    """

    aggregates: tuple[str, ...]
    measured: tuple[str, ...]
    factors: frozenset[float]
    divisors: frozenset[float]
    ratio: tuple[str, str] | None
    elapsed: frozenset[str]
    value: str

    @staticmethod
    def of(tree: exp.Expr, words: Callable[[exp.Expr], str]) -> Shape:
        """The shape of a query; `words` puts what has no words of its own."""
        results = [node for select in tree.find_all(exp.Select, bfs=False) for node in select.expressions]
        nodes = [node for result in results for node in result.walk()]
        unique = list({id(node): node for node in nodes}.values())
        aggregates: dict[str, None] = {}
        measured: dict[str, None] = {}
        for node in unique:
            name = _AGGREGATES.get(type(node))
            if name is None:
                continue
            aggregates["distinct" if isinstance(node.this, exp.Distinct) else name] = None
            if name != "count":
                inside = node.this.find_all(exp.Column) if isinstance(node.this, exp.Expr) else ()
                hidden = {id(c) for case in node.find_all(exp.If) for c in case.this.find_all(exp.Column)}
                measured |= {column.name.lower(): None for column in inside if id(column) not in hidden}
        factors = {
            number
            for node in unique
            if isinstance(node, exp.Mul)
            for side in (node.this, node.expression)
            if (number := number_of(side)) is not None
        } | {
            number for node in unique if isinstance(node, exp.If) and (number := number_of(node.args.get("true"))) and number > 1
        }
        divisions = [node for node in unique if isinstance(node, exp.Div | exp.IntDiv)]
        divisors = {number for node in divisions if (number := number_of(node.expression)) is not None}
        shares = (node for node in divisions if number_of(node.expression) is None and node.find(exp.AggFunc))
        quotient = next(shares, None)
        ratio = None if quotient is None else (_told(quotient.this, words), _told(quotient.expression, words))
        top = tree.find(exp.Select, bfs=True)
        return Shape(
            aggregates=tuple(aggregates),
            measured=tuple(measured),
            factors=frozenset(factors),
            divisors=frozenset(divisors),
            ratio=ratio,
            elapsed=_elapsed(unique),
            value=_told(top.expressions[0], words) if top is not None and top.expressions else "",
        )


def _elapsed(nodes: list[exp.Expr]) -> frozenset[str]:
    units: set[str] = set()
    for node in nodes:
        if isinstance(node, exp.DateDiff | exp.TimestampDiff):
            units.add(f"{node.text('unit').lower().removesuffix('s') or 'day'}s")
        elif isinstance(node, exp.Sub):
            sides = (node.this, node.expression)
            if all(side.find(exp.TimeToUnix) for side in sides):
                units.add("seconds")
            elif isinstance(bare(sides[0]), exp.CurrentDate) and sides[1].find(exp.Column):
                units.add("days")
    return frozenset(units)


def _told(node: exp.Expr, words: Callable[[exp.Expr], str]) -> str:
    """A result for somebody who knows no SQL, as far as its parts are known; the SQL of the rest."""
    node = bare(node)

    def told(inner: exp.Expr) -> str:
        return _told(inner, words)

    if isinstance(node, exp.Alias | exp.Nullif | exp.Coalesce | exp.Round):
        return told(node.this)
    if isinstance(node, exp.Filter):
        return f"{told(node.this)} with {words(node.expression.this)}"
    if isinstance(node, exp.Count):
        if isinstance(node.this, exp.Distinct):
            return f"the number of different {', '.join(words(part) for part in node.this.expressions)}"
        return "the number of rows" if isinstance(node.this, exp.Star) else f"the number of rows with {words(node.this)}"
    if (name := _AGGREGATES.get(type(node))) is not None and isinstance(node.this, exp.Expr):
        return f"the {name} of {words(node.this)}"
    if isinstance(node, exp.Mul) and (number := number_of(node.this)) is not None:
        return f"{number:g} times {told(node.expression)}"
    if isinstance(node, exp.Div):
        return f"{told(node.this)}, divided by {told(node.expression)}"
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and node.this.expressions:
        tables = ", ".join(source.sql(comments=False) for source in node.this.find_all(exp.Table))
        return f"{told(node.this.expressions[0])} of {tables}"
    branches = node.args.get("ifs") or [] if isinstance(node, exp.Case) else []
    if len(branches) == 1 and node.args.get("default") is None and branches[0].this.find(exp.AggFunc):
        return f"{told(branches[0].args['true'])}; no value unless {words(branches[0].this)}"
    if isinstance(node, exp.Literal):
        return node.name
    return words(node)
