"""Which columns of some tables really find each other: shares of keys found each way, and how many rows stand behind a key.

Pairs are tried where names say so: the same name on both sides, or `customer_id` and the `id` of a table of customers; and
where both hold whole numbers or both hold texts. A pair of columns that name no row on either side, such as two of status,
joins nothing and is left out. A pair of ids that finds nothing is told all the same: somebody will try that join.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from heartbeat_lib.discovery.profile_html import share_words
from heartbeat_lib.marts import Column, Table
from heartbeat_lib.marts.column_types import INTEGERS, identifier
from heartbeat_lib.model.markup import TABLE, Markup, element
from heartbeat_lib.model.words import counted
from heartbeat_lib.workbench import Workbench

_JOIN_S = 120.0
_LOADERS = ("_dlt_",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of a join.

    Attributes
    ----------
    column
        `schema.table.column`.
    keys, found
        Different values, and those that the other side has too.
    most
        Rows of the most frequent key; 1: the column names each of its rows.
    """

    column: str
    keys: int
    found: int
    most: int

    @property
    def share(self) -> float:
        """Keys found on the other side, 0 to 1; 0 of an empty column."""
        return self.found / self.keys if self.keys else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two columns that may be joined."""

    left: Side
    right: Side

    def words(self) -> str:
        """One sentence."""
        here, there = self.left, self.right
        if not here.found:
            return f"No key of {here.column} is in {there.column}."
        each = ", ".join(
            f"{share_words(side.found, side.keys)} of {counted(side.keys, 'key')} of {side.column} found"
            + ("" if side.most == 1 else f" (up to {counted(side.most, 'row')} each)")
            for side in (here, there)
        )
        many = "; a join multiplies rows on both sides" if min(here.most, there.most) > 1 else ""
        return f"{each}{many}."


class Joins(tuple[Join, ...]):
    """Joins, those that find most first; Jupyter shows them as a table."""

    __slots__ = ()

    def json(self) -> list[dict[str, Any]]:
        """Both sides of each, with their shares."""
        return [
            {side: asdict(getattr(join, side)) | {"share": getattr(join, side).share} for side in ("left", "right")}
            for join in self
        ]

    def _repr_html_(self) -> str:
        if not self:
            return element("div", "No two columns look like a join.")
        heads = ("column", "keys", "found", "rows of a key", "column", "keys", "found", "rows of a key")
        head = [element("th", name, style=f"text-align:{'left' if name == 'column' else 'right'}") for name in heads]
        body = [element("tr", *_cells(join.left), *_cells(join.right)) for join in self]
        return element("table", element("thead", element("tr", *head)), element("tbody", *body), style=TABLE)


def _cells(side: Side) -> Iterator[Markup]:
    yield element("td", side.column, style="text-align:left")
    for text in (f"{side.keys:,}", share_words(side.found, side.keys), "1" if side.most == 1 else f"up to {side.most:,}"):
        yield element("td", text, style="text-align:right")


def joins(bench: Workbench, tables: Sequence[str]) -> Joins:
    """The joins between some tables, those that find most first.

    Parameters
    ----------
    tables
        `schema.name` each, in any letter case; what the marts do not have is passed over.

    Raises
    ------
    MartsError
        They cannot be read.
    """
    wanted = {name.lower() for name in tables}
    chosen = [table for table in bench.marts.tables() if f"{table.schema}.{table.name}".lower() in wanted]
    found: list[Join] = []
    for one, other in combinations(chosen, 2):
        for here, there in _pairs(one, other):
            join = _tried(bench, one, here, other, there)
            named = min(join.left.most, join.right.most) == 1
            ids = here.name.lower().endswith("id") and there.name.lower().endswith("id")
            if join.left.keys and join.right.keys and ((named and join.left.found) or ids):
                found.append(join)
    return Joins(sorted(found, key=lambda join: -max(join.left.share, join.right.share)))


def _pairs(one: Table, other: Table) -> Iterator[tuple[Column, Column]]:
    for here in one.columns:
        for there in other.columns:
            if here.name.lower().startswith(_LOADERS) or _kind(here) is None or _kind(here) != _kind(there):
                continue
            names = here.name.lower(), there.name.lower()
            if (
                (names[0] == names[1] and names[0] != "id")
                or _points(names[0], other, names[1])
                or _points(names[1], one, names[0])
            ):
                yield here, there


def _points(name: str, table: Table, key: str) -> bool:
    """`customer_id` points at the `id` of customers."""
    return key == "id" and name.removesuffix("_id").rstrip("s") == table.name.lower().rstrip("s") and name.endswith("_id")


def _kind(column: Column) -> str | None:
    if column.type in INTEGERS or column.type.endswith(",0)"):
        return "number"
    return column.type if column.type in ("VARCHAR", "UUID") else None


def _tried(bench: Workbench, one: Table, here: Column, other: Table, there: Column) -> Join:
    sides = [(one, here), (other, there)]
    grouped = [
        f"SELECT {identifier(column.name)} AS key, count(*) AS times FROM {identifier(table.schema)}.{identifier(table.name)} "  # noqa: S608
        f"WHERE {identifier(column.name)} IS NOT NULL GROUP BY 1"
        for table, column in sides
    ]
    sql = (
        f"WITH one AS ({grouped[0]}), other AS ({grouped[1]}) "  # noqa: S608
        "SELECT (SELECT count(*) FROM one), (SELECT coalesce(max(times), 0) FROM one), (SELECT count(*) FROM other), "
        "(SELECT coalesce(max(times), 0) FROM other), (SELECT count(*) FROM one JOIN other USING (key))"
    )
    ((keys, most, their_keys, their_most, both),) = bench.marts.rows(sql, limit=1, timeout_s=_JOIN_S, tag="joins").rows
    names = [f"{table.schema}.{table.name}.{column.name}" for table, column in sides]
    found = int(str(both))
    return Join(
        left=Side(column=names[0], keys=int(str(keys)), found=found, most=int(str(most))),
        right=Side(column=names[1], keys=int(str(their_keys)), found=found, most=int(str(their_most))),
    )
