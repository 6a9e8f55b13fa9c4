"""Rows of the store as this stage reads them: plain dictionaries, numbers inside JSON with every digit."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_with_every_digit = partial(json.loads, parse_float=Decimal)


def select(bench: Workbench, name: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of `sql/<name>.sql`. Raises StoreError."""
    with (
        translated("Reading the store"),
        bench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        set_json_loads(_with_every_digit, cursor)
        return cursor.execute(load_sql(__package__ or "", name), values or None).fetchall()
