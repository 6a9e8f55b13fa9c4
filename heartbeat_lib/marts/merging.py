"""Merging by key: what must hold before rows may replace rows.

Every row has its key once, and the columns that both sides know have one type that holds both. Numbers widen where no
digit is lost; anything else is a refusal, because only a person can tell which side is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat_lib.marts.column_types import common_type, identifier
from heartbeat_lib.marts.load_errors import SourceFileError

if TYPE_CHECKING:
    import duckdb


def check_key(con: duckdb.DuckDBPyConnection, select: str, *, table: str, key: Sequence[str], path: Path | None) -> str:
    """Read the rows once, into a scratch table whose key is whole and unique. Returns the SELECT over it.

    Raises
    ------
    SourceFileError
        A key column is missing, empty in some row, or not unique; the message shows one such key.
    """
    held = identifier(f"merging {table}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {held} AS {select}")
    columns = [row[0] for row in con.execute(f"DESCRIBE {held}").fetchall()]
    for name in key:
        if name not in columns:
            fault = f"no column {name!r}, which is the source's key. There are: {', '.join(columns)}."
            raise SourceFileError(path, fault, table=table)
    names = ", ".join(identifier(name) for name in key)
    empty = " OR ".join(f"{identifier(name)} IS NULL" for name in key)
    if con.execute(f"SELECT 1 FROM {held} WHERE {empty} LIMIT 1").fetchall():  # noqa: S608
        raise SourceFileError(path, f"a row has no value in the key ({', '.join(key)}).", table=table)
    twice = con.execute(
        f"SELECT {names} FROM {held} GROUP BY {names} HAVING count(*) > 1 ORDER BY {names} LIMIT 1"  # noqa: S608
    ).fetchall()
    if twice:
        shown = ", ".join(f"{name} {value}" for name, value in zip(key, twice[0], strict=True))
        raise SourceFileError(path, f"the key is not unique: more than one row has {shown}.", table=table)
    return f"SELECT * FROM {held}"  # noqa: S608


def align(
    con: duckdb.DuckDBPyConnection, select: str, *, table: str, known: Mapping[str, str], path: Path | None
) -> tuple[str, dict[str, str]]:
    """Cast the incoming columns to types that hold both sides.

    Returns
    -------
    tuple
        The SELECT with casts; and column -> new type for columns of the marts that must widen first.

    Raises
    ------
    SourceFileError
        A column has types that do not go together.
    """
    parts: list[str] = []
    widen: dict[str, str] = {}
    for name, new, *_ in con.execute(f"DESCRIBE {select}").fetchall():
        old = known.get(name, new)
        both = common_type(old, new)
        if both is None:
            fault = (
                f"column {name!r} is {new} here and {old} in the marts. Mend the file; or, if the new type is right, "
                "load the whole source once without its key."
            )
            raise SourceFileError(path, fault, table=table)
        if both != old:
            widen[name] = both
        parts.append(f"CAST({identifier(name)} AS {both}) AS {identifier(name)}")
    return f"SELECT {', '.join(parts)} FROM ({select})", widen  # noqa: S608
