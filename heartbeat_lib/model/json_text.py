"""JSON as Heartbeat writes it, in `--json` and over HTTP: numbers with every digit, instants ISO 8601 with offset."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import simplejson


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON text; None is null, a Decimal a number with all of its digits, a path its text.

    >>> from decimal import Decimal
    >>> json_text({"value": Decimal("0.12345678901234567890"), "on": date(2026, 11, 24)})
    '{"value": 0.12345678901234567890, "on": "2026-11-24"}'

    Raises
    ------
    TypeError
        Something in it has no JSON form.
    ValueError
        A number that is not finite.
    """
    return simplejson.dumps(value, use_decimal=True, default=_plain, ensure_ascii=False, indent=indent, allow_nan=False)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
