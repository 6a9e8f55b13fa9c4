"""Rows as the reader sees them: plain dictionaries under the names of the query's columns."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

Row = dict[str, Any]


def select(workbench: Workbench, name: str, **values: Any) -> list[Row]:
    """All rows of `sql/<name>.sql`. Raises StoreError."""
    with (
        translated("Reading the store"),
        workbench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(load_sql(__package__ or "", name), values or None).fetchall()
