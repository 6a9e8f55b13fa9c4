"""How a column of a file becomes a column of the marts: nothing loses digits, and no time loses its day.

Every column passes one expression, chosen by its type and, for text formats, by what its values look like. A time
without zone is the wall clock of the source's zone and becomes an instant there; a wall-clock time that happened twice
in autumn is taken as the later one and one skipped in spring is moved on by the gap, as DuckDB and PostgreSQL do.
Whatever the marts have no plain type for (lists, structs, UUID) arrives as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_DIGITS = 38
TEXT = "VARCHAR"
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
NAIVE = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_CASTS = {
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "UBIGINT": "DECIMAL(20,0)",
    "UINTEGER": "BIGINT",
    "USMALLINT": "BIGINT",
    "UTINYINT": "BIGINT",
    "FLOAT": "DOUBLE",
    "TIME_NS": "TIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_NS WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE",
}
_PLAIN = frozenset({*INTEGERS, "DOUBLE", "BOOLEAN", "DATE", "TIME", "BLOB", TEXT})
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the values of one text column look like.

    Attributes
    ----------
    values
        How many there are.
    year_first
        Every one begins like 2026-11-24: only then is a date's order beyond doubt.
    marked_utc
        At least one ends in Z or UTC.
    whole, fraction, digits
        Most digits before the point, after it, and significant ones in one value; `plain` is False with any exponent.
    """

    values: int
    year_first: bool
    marked_utc: bool
    whole: int
    fraction: int
    digits: int
    plain: bool


def judged(kind: str, seen: Evidence) -> str:
    """The type that a sniffed text column really carries: text rather than a guessed date or a lost digit."""
    if seen.values == 0:
        return "NULL"
    if kind == "DATE":
        return kind if seen.year_first else TEXT
    if kind.startswith("TIMESTAMP"):
        if not seen.year_first:
            return TEXT
        return "TIMESTAMP WITH TIME ZONE" if seen.marked_utc else kind
    if kind == "HUGEINT" and seen.whole > MAX_DIGITS:
        return TEXT
    # 15 digits survive a double. Up to 17 with a long fraction are the noise of a printed double; the rest was written.
    written = seen.digits > 17 or (seen.digits > 15 and seen.fraction <= 9)
    if kind == "DOUBLE" and seen.plain and written:
        digits = seen.whole + seen.fraction
        return f"DECIMAL({digits},{seen.fraction})" if digits <= MAX_DIGITS else TEXT
    return kind


def evidence_sql(column: str, kind: str) -> str:
    """Aggregates over one column read as text and sniffed as `kind`, in the order of Evidence's fields.

    Only types that could be a wrong guess are looked at closely; a column of plain text is merely counted.
    """
    if kind not in ("DOUBLE", "HUGEINT", "DATE") and not kind.startswith("TIMESTAMP"):
        return f"{f'count({column})' if kind == TEXT else '1'}, true, false, 0, 0, 0, true"
    whole = f"regexp_extract({column}, '^[-+]?0*([0-9]*)', 1)"
    fraction = f"regexp_extract({column}, '[.]([0-9]*)$', 1)"
    day = "^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
    return (
        f"count({column}), coalesce(bool_and(regexp_matches({column}, '{day}')), true), "
        f"coalesce(bool_or(regexp_matches({column}, '(Z|UTC)$')), false), "
        f"coalesce(max(length({whole})), 0), coalesce(max(length({fraction})), 0), "
        f"coalesce(max(length({whole}) + length({fraction})), 0), "
        f"coalesce(bool_and(regexp_matches({column}, '^[-+]?[0-9]*[.]?[0-9]*$')), true)"
    )


def carried(column: str, kind: str, zone: str, known: str | None) -> str:
    """SQL expression that brings a column of type `kind` into the marts.

    Parameters
    ----------
    column
        The quoted column.
    zone
        Name of the source's zone, for times without one.
    known
        Type of the column of that name in the last load. A column without a single value takes it, so that an empty day
        does not turn a sum into a type error; without one it becomes text.
    """
    kind = kind.strip('"')
    if kind == "NULL":
        return f"CAST(NULL AS {known or TEXT})"
    if kind in NAIVE:
        return f"CAST({column} AS TIMESTAMP) AT TIME ZONE {literal(zone)}"
    if kind in _CASTS:
        return f"CAST({column} AS {_CASTS[kind]})"
    if kind in _PLAIN or _DECIMAL.fullmatch(kind):
        return f"CAST({column} AS {kind})"
    if kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS {TEXT})"
    return f"CAST({column} AS {TEXT})"


def common_type(old: str, new: str) -> str | None:
    """The type that holds the values of both without losing a digit, or None where only a person can decide.

    >>> common_type("BIGINT", "DOUBLE"), common_type("DECIMAL(10,2)", "BIGINT"), common_type("DATE", "VARCHAR")
    ('DOUBLE', 'DECIMAL(21,2)', None)
    """
    if old == new:
        return old
    if old in INTEGERS and new in INTEGERS:
        return max(old, new, key=INTEGERS.index)
    if {old, new} <= {*INTEGERS, "DOUBLE"}:
        return "DOUBLE"
    parts = [_precision(kind) for kind in (old, new)]
    if parts[0] is None or parts[1] is None:
        return None
    whole = max(digits - scale for digits, scale in (parts[0], parts[1]))
    scale = max(parts[0][1], parts[1][1])
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= MAX_DIGITS else None


def _precision(kind: str) -> tuple[int, int] | None:
    if kind in INTEGERS:
        return {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}[kind], 0
    found = _DECIMAL.fullmatch(kind)
    return (int(found[1]), int(found[2])) if found else None


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A quoted SQL text."""
    return "'" + text.replace("'", "''") + "'"
