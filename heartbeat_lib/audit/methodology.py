"""Audit layer 1: does the SQL do what the texts say?

Each point lays one claim beside what the SQL does. Both agree: it holds. One names a window, filter, unit or column that the
other lacks: doubtful, in a sentence that names both sides. What cannot be read on either side is not examined and never holds.
Texts and names are data: they are searched and quoted, and reach the marts only as quoted literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from sqlglot import exp

from heartbeat_lib.audit.case import Case
from heartbeat_lib.audit.check_filters import filter_points, name_points
from heartbeat_lib.audit.check_joins import join_points
from heartbeat_lib.audit.check_measure import measure_points
from heartbeat_lib.audit.check_windows import FIELDS, window_points
from heartbeat_lib.audit.claims import Claims, read_claims
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, broken_layer, layer_of
from heartbeat_lib.audit.wording import together
from heartbeat_lib.marts.engine import MartsError
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Kind, anatomy_of
from heartbeat_lib.model.value_sql import ValueSqlRefused, parse_value_sql
from heartbeat_lib.model.verdict import Verdict

_RECENT_DAYS = (0, 1, 7, 14)
_OTHERS = "Other sentences"


def examine(case: Case, story: str | None = None) -> Layer:
    """Layer 1 of the audit.

    Parameters
    ----------
    story
        What a discovery told of this metric; read as one more text.
    """
    if case.parsed is None:
        return broken_layer(LayerName.METHODOLOGY, case.unreadable)
    types = _types(case)
    anatomy = anatomy_of(case.parsed, types)
    texts = {field: case.metric.get(field) for field in ("methodology", "how_to_read", "description")} | {"story": story}
    columns = {name.rpartition(".")[2]: kind for name, kind in types.items()}
    claims = read_claims(texts, columns=columns or dict.fromkeys(anatomy.columns, ""), tables=case.parsed.tables)
    if not claims.sentences:
        return layer_of(
            LayerName.METHODOLOGY,
            (),
            nothing="No text says what the number is, so there was nothing to compare.",
            tables=_tables(anatomy),
        )
    points = [
        *window_points(anatomy, claims),
        *filter_points(anatomy, claims, has_value=partial(_has_value, case, types), nulls=partial(_nulls, case, types)),
        *measure_points(anatomy, claims, case.metric.get("unit"), partial(_recent, case)),
        *join_points(anatomy, types, partial(_count, case)),
        *name_points(anatomy, claims, frozenset(columns)),
        *_closed(claims, case.metric.get("judge")),
        *_left(claims),
    ]
    return layer_of(
        LayerName.METHODOLOGY, points, nothing="Nothing in the texts could be read.", held=_held(points), tables=_tables(anatomy)
    )


def _held(points: list[Point]) -> str:
    """Of what the texts and the SQL say the same, and what was left aside."""
    agreed = list(dict.fromkeys(point.what.lower() for point in points if point.verdict is Verdict.HOLDS))
    if not agreed:
        return ""
    left = " ".join(point.found for point in points if point.verdict is Verdict.NOT_EXAMINED and point.what == _OTHERS)
    return f"The SQL does what its texts say of {together(agreed)}. {left}".strip()


def _closed(claims: Claims, judge: str | None) -> list[Point]:
    if claims.closed is None:
        return []
    verdict = Verdict.HOLDS if judge == "closed" else Verdict.DOUBTFUL
    how = "the last closed period is judged" if judge == "closed" else "the running period is judged"
    said = f"{FIELDS[claims.closed.field]} says “{claims.closed.quoted}”, and {how}."
    return [Point(verdict=verdict, what="Period judged", found=said[0].upper() + said[1:])]


def _left(claims: Claims) -> list[Point]:
    if not claims.unread:
        return []
    found = f"{claims.unread} of {claims.sentences} sentences of the texts cannot be compared with the SQL by rule."
    return [Point(verdict=Verdict.NOT_EXAMINED, what=_OTHERS, found=found)]


def _types(case: Case) -> Mapping[str, str]:
    """Type by `schema.table.column` of the tables read; empty where the marts cannot be asked."""
    found: dict[str, str] = {}
    for schema in sorted({table.partition(".")[0] for table in case.sql.tables if "." in table}):
        try:
            tables = case.workbench.marts.tables(schema)
        except MartsError:
            continue
        for table in tables:
            name = f"{table.schema}.{table.name}".lower()
            if name in case.sql.tables:
                found |= {f"{name}.{column.name.lower()}": column.type.upper() for column in table.columns}
    return found


def _scalar(case: Case, text: str, days_ago: int = 0) -> float | None:
    """One number at the audit's instant; None where there is none."""
    try:
        parsed = parse_value_sql(text, case.sql.dialect)
        pinned = parsed.pinned(case.as_of - timedelta(days=days_ago), case.workbench.workspace.zone)
        value = case.workbench.marts.scalar(pinned).value
    except (MartsError, ValueSqlRefused):
        return None
    return None if value is None else float(value)


def _recent(case: Case) -> list[float]:
    values = (_scalar(case, case.sql.text, days) for days in _RECENT_DAYS)
    return [value for value in values if value is not None]


def _count(case: Case, query: exp.Expr) -> int | None:
    value = _scalar(case, query.sql(dialect=case.sql.dialect.name, comments=False))
    return None if value is None else int(value)


def _holders(types: Mapping[str, str], column: str) -> list[str]:
    return [name.rpartition(".")[0] for name in types if name.rpartition(".")[2] == column]


def _nulls(case: Case, types: Mapping[str, str], column: str) -> int | None:
    holders = _holders(types, column)
    if len(holders) != 1:
        return None
    return _count(case, exp.select("count(*)").from_(_table(holders[0])).where(exp.column(column, quoted=True).is_(exp.null())))


def _has_value(case: Case, types: Mapping[str, str], column: str, value: str) -> bool | None:
    for table in _holders(types, column):
        equal = exp.column(column, quoted=True).eq(exp.Literal.string(value))
        count = _count(case, exp.select("count(*)").from_(_table(table)).where(equal))
        if count:
            return True
    return False


def _table(name: str) -> exp.Table:
    schema, _, table = name.partition(".")
    return exp.table_(table, db=schema, quoted=True)


def _tables(anatomy: Anatomy) -> list[Table]:
    def joined(kinds: tuple[Kind, ...], counted: bool) -> str:
        return "; ".join(found.words for found in anatomy.conditions if found.kind in kinds and found.counted is counted)

    filters = tuple(kind for kind in Kind if kind is not Kind.WINDOW)
    rows = [
        ("Value", anatomy.value),
        ("Tables", ", ".join(anatomy.tables)),
        *(
            ("Join", f"{join.joined} by {join.keys}: {join.kind}" if join.keys else f"{join.joined}: {join.kind}")
            for join in anatomy.joins
        ),
        ("Time window", joined((Kind.WINDOW,), False)),
        ("Time window of what is counted", joined((Kind.WINDOW,), True)),
        ("Only rows where", joined(filters, False)),
        ("Counted only where", joined(filters, True)),
        ("Aggregate", ", ".join(anatomy.aggregates)),
        ("Numerator", anatomy.ratio[0] if anatomy.ratio else ""),
        ("Denominator", anatomy.ratio[1] if anatomy.ratio else ""),
        ("Multiplied by", ", ".join(f"{factor:g}" for factor in sorted(anatomy.factors))),
        ("Divided by", ", ".join(f"{divisor:g}" for divisor in sorted(anatomy.divisors))),
    ]
    told = tuple((what, words) for what, words in rows if words)
    return [Table(title="What the SQL does", columns=("Part", "In words"), rows=told)]
