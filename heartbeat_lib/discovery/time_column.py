"""Which column says when a row happened, and the SQL that asks it.

The choice is by type and name, and a person may see it in every row of the catalogue: among columns of dates and times, one
that is named after an event comes first, and one that is named after a plan (due, valid until) last. A birthday is none at all.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from heartbeat_lib.marts import Column, Table
from heartbeat_lib.marts.column_types import identifier

_BIRTH = re.compile(r"(^|_)(born|birth|birthday|birthdate|dob)(_|$)")
_PLAN = re.compile(
    r"(^|_)(due|expir\w*|valid|until|end|ends|ended|to|promised|planned|scheduled|maturity|matures|deadline|next|target)(_|$)"
)
_CHANGE = re.compile(r"(^|_)(updated|modified|changed|closed|deleted|cancelled|rejected|loaded|ingested|synced)(_|$)")
_QUARTER_US = 900_000_000
"""Every zone of today lies a multiple of 15 minutes from UTC, so a day of any zone is made of whole quarters of an hour."""


def is_time(column: Column) -> bool:
    """Whether it holds dates or times with a date."""
    return column.type == "DATE" or column.type.startswith("TIMESTAMP")


def time_column(table: Table) -> Column | None:
    """The column that says when a row happened; None where no column of dates or times is left."""
    found = [column for column in table.columns if is_time(column) and not _BIRTH.search(column.name.lower())]
    return min(found, key=_rank, default=None)  # the first of the best ones: min keeps the table's own order


def _rank(column: Column) -> int:
    name = column.name.lower()
    return 2 if _PLAN.search(name) else 1 if _CHANGE.search(name) else 0


def day_sql(column: Column) -> str:
    """The day of the workspace's zone, as a DATE."""
    name = identifier(column.name)
    return name if column.type == "DATE" else f"CAST({name} AS DATE)"


def quarter_sql(column: Column) -> str:
    """A number per day or quarter of an hour to group by: a tenth of what casting every row to a day of the zone costs."""
    name = identifier(column.name)
    return name if column.type == "DATE" else f"(epoch_us({name}) // {_QUARTER_US})"


def day_of_quarter_sql(column: Column, key: str) -> str:
    """The day behind `quarter_sql`'s number, as a DATE."""
    if column.type == "DATE":
        return key
    zoned = "TIME ZONE" in column.type
    return f"CAST({'make_timestamptz' if zoned else 'make_timestamp'}({key} * {_QUARTER_US}) AS DATE)"


def past_sql(column: Column, now: datetime, zone: ZoneInfo) -> str:
    """The condition that a row has happened by `now` (aware)."""
    name, local = identifier(column.name), now.astimezone(zone)
    if column.type == "DATE":
        return f"{name} <= DATE '{local.date()}'"
    if "TIME ZONE" in column.type:
        return f"{name} <= TIMESTAMPTZ '{now.isoformat()}'"
    return f"{name} <= TIMESTAMP '{local.replace(tzinfo=None)}'"
