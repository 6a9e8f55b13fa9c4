"""Which columns of a table say when something happened, and how a row is held against an instant.

By type and name, as people name them. Three kinds are told apart: an event (created_at), a plan, which may lie ahead on purpose
(due_on, valid_until), and a birthday, which says nothing of when the row came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery.time_column import is_time
from heartbeat_lib.marts import Column
from heartbeat_lib.model.dialect import ClockKind, Dialect

_BIRTH = re.compile(r"(?:^|_)(?:born|birth|birthday|birthdate|dob)(?:_|$)")
_PLAN = re.compile(
    r"(?:^|_)(?:due|expir\w*|until|till|thru|ends?|valid_to|promised?|planned|scheduled|expected|estimated|forecast|eta"
    r"|maturity|matures?|deadline|next|target|agreed)(?:_|$)"
)
_PLANNED = re.compile(r"\b(?:due|plan(?:ned)?|deadline|expected|promised?|schedul\w+|expir\w+|matur\w+|agreed|until|forecast)\b")
_LATER = re.compile(
    r"(?:^|_)(?:updated|modified|changed|closed|deleted|cancelled|canceled|rejected|decided|resolved|finished|ended)(?:_|$)"
)


def is_birth(column: Column) -> bool:
    """Whether it is somebody's birthday."""
    return _BIRTH.search(column.name.lower()) is not None


def is_plan(column: Column, meaning: str = "") -> bool:
    """Whether it may lie ahead on purpose: its name says so, or the analyst's words for it."""
    return bool(_PLAN.search(column.name.lower()) or _PLANNED.search(meaning.lower()))


def event_column(columns: Sequence[Column]) -> Column | None:
    """The one that says when a row happened: the first that is no plan, no birthday and no change, else the first change."""
    found = [column for column in columns if is_time(column) and not is_birth(column) and not is_plan(column)]
    return min(found, key=lambda column: _LATER.search(column.name.lower()) is not None, default=None)


def moment_sql(column: Column, instant: datetime, zone: ZoneInfo, dialect: Dialect) -> str:
    """`instant` (aware) as a constant that the column can be compared with."""
    kind = ClockKind.DAY if column.type == "DATE" else ClockKind.INSTANT if "TIME ZONE" in column.type else ClockKind.LOCAL
    return dialect.clock_text(kind, instant, zone)
