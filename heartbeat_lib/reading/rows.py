"""Rows as the reader sees them: plain dictionaries under the names of the query's columns."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

Row = dict[str, Any]

_with_every_digit = partial(json.loads, parse_float=Decimal)


def select(workbench: Workbench, name: str, **values: Any) -> list[Row]:
    """All rows of `sql/<name>.sql`. Raises StoreError."""
    with workbench.store.connect(Role.READER) as connection:
        return fetch(connection, load_sql(__package__ or "", name), **values)


def fetch(connection: psycopg.Connection[Any], statement: LiteralString, **values: Any) -> list[Row]:
    """All rows of one statement, on a connection that stays open and is in no transaction afterwards. Raises StoreError."""
    with translated("Reading the store"), connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        set_json_loads(_with_every_digit, cursor)
        return cursor.execute(statement, values or None).fetchall()
