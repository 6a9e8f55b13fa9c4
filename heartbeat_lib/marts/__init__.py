"""What value_sql reads: engines behind one protocol, and the loader that fills them.

`open_marts(url)` gives an engine; `heartbeat_lib.marts.load` brings files into a DuckDB file. This root stays light: the
engine's file is imported when a marts is opened, dlt when something is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.marts.engine import (
    Column,
    LimitExceeded,
    Limits,
    Load,
    Marts,
    MartsError,
    MartsUnreachable,
    NotOneNumber,
    Numbers,
    QueryFailed,
    QueryRefused,
    Rows,
    Scalar,
    Table,
)
from heartbeat_lib.model.errors import HeartbeatError

if TYPE_CHECKING:
    from heartbeat_lib.model.dialect import Dialect

__all__ = [
    "Column",
    "LimitExceeded",
    "Limits",
    "Load",
    "Marts",
    "MartsError",
    "MartsUnreachable",
    "MartsUrlError",
    "NotOneNumber",
    "Numbers",
    "QueryFailed",
    "QueryRefused",
    "Rows",
    "Scalar",
    "Table",
    "dialect_for",
    "marts_path",
    "open_marts",
]


class MartsUrlError(HeartbeatError):
    """A marts URL names no engine that Heartbeat has."""


def _engine(url: str) -> tuple[str, str]:
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "duckdb", url
    if scheme == "duckdb":
        return "duckdb", rest
    if scheme in ("postgresql", "postgres"):
        return "postgresql", url
    raise MartsUrlError(
        f"No marts engine for {scheme}://. HEARTBEAT_MARTS_URL takes duckdb:///path/to/marts.duckdb, or a plain path."
    )


def marts_path(url: str) -> Path:
    """The file behind a DuckDB marts URL (`duckdb:///abs/marts.duckdb`) or a bare path. Raises MartsUrlError."""
    engine, rest = _engine(url)
    if engine != "duckdb" or not rest:
        raise MartsUrlError("These marts are not a DuckDB file; loading files works into DuckDB marts only.")
    return Path(rest)


def dialect_for(url: str) -> Dialect:
    """The SQL dialect of value_sql on the engine behind `url`. Raises MartsUrlError."""
    if _engine(url)[0] == "duckdb":
        from heartbeat_lib.marts.dialect_duckdb import DUCKDB

        return DUCKDB
    from heartbeat_lib.marts.dialect_postgres import POSTGRES

    return POSTGRES


def open_marts(url: str, *, zone: ZoneInfo, limits: Limits | None = None) -> Marts:
    """Open the engine behind `url`; nothing is read yet, so a file that is missing shows at the first query.

    Parameters
    ----------
    url
        `duckdb:///abs/path/marts.duckdb` or a bare path.
    zone
        The workspace's zone: what a day is inside every query.

    Raises
    ------
    MartsUrlError
        The URL names an engine that is not there yet.
    """
    if _engine(url)[0] != "duckdb":
        raise MartsUrlError("PostgreSQL marts can be checked but not opened yet. Point HEARTBEAT_MARTS_URL at a DuckDB file.")
    from heartbeat_lib.marts.duckdb import DuckDbMarts

    return DuckDbMarts(marts_path(url), zone=zone, limits=limits or Limits())
