"""What the core must know of a marts engine: how it says "now", what it must not be asked, how it spells names.

A `Dialect` is a table of facts, tried on the engine and kept beside it (`heartbeat_lib/marts/dialect_*.py`). Nothing here
imports a parser, so a dialect is cheap to look up. The surprise: engines differ in what a bare word means. In DuckDB
`current_date` is a column first, quoted or not, and the clock only where no column has that name; in PostgreSQL the unquoted
word is always the clock and the quoted one always a column.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

_UPPER_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class ClockKind(StrEnum):
    """What kind of value a clock gives, and so what kind of constant takes its place."""

    DAY = "day"  # the local date
    INSTANT = "instant"  # a point of time, TIMESTAMPTZ
    LOCAL = "local"  # the wall clock of the zone, TIMESTAMP
    LOCAL_TIME = "local_time"  # the time of day on that clock, TIME
    ZONED_TIME = "zoned_time"  # the same with its offset, TIMETZ


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Dialect:
    """The facts about one engine. Names are lower case throughout; two dialects are equal when they are the same object.

    Attributes
    ----------
    name
        sqlglot's name; part of `definition_hash`.
    clocks
        Every name that is replaced by a constant, with the kind of constant.
    bare, called
        The clocks that are written without parentheses, and those that are written with empty ones; some are both.
    types
        The engine's type for each kind of constant.
    refused
        Function name -> what to write instead, or why not. A name that ends in `*` stands for all that begin so.
    rules
        The same names -> the stable rule name of the refusal.
    harmless
        Names that a `*` in `refused` would take in and that are fine.
    bare_refused
        Names in `refused` that work without parentheses, such as `current_user`.
    reads_clock_alone
        Functions that measure from the clock when they are given a single argument, with what to write instead.
    table_functions
        Functions allowed after FROM; all others are refused there, since they may read anything.
    column_before_clock
        A bare clock name is a column wherever one has that name, quoted or not.
    quoted_names_fold
        `"A"` and `a` are one name, unless it is one of `keywords`: `"null"` is no `null`.
    texts_are_clocks
        `'today'` becomes the clock wherever it meets a date, without a cast.
    unicode_escapes
        `U&'...'` and `U&"..."` may spell anything.
    recursive_looks_ahead
        In `WITH RECURSIVE` a CTE may read those behind it.
    names_may_be_files
        A table name that is no plain word is read as a path.
    """

    name: str
    clocks: Mapping[str, ClockKind]
    bare: frozenset[str]
    called: frozenset[str]
    types: Mapping[ClockKind, str]
    refused: Mapping[str, str]
    rules: Mapping[str, str]
    harmless: frozenset[str] = frozenset()
    bare_refused: frozenset[str] = frozenset()
    reads_clock_alone: Mapping[str, str] = field(default_factory=dict)
    table_functions: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    column_before_clock: bool
    quoted_names_fold: bool
    texts_are_clocks: bool
    unicode_escapes: bool
    recursive_looks_ahead: bool
    names_may_be_files: bool

    def __repr__(self) -> str:
        return f"Dialect({self.name})"

    def refusal(self, function: str) -> tuple[str, str] | None:
        """Rule and remedy for a function that no metric may call (its name in lower case), or None where it is fine."""
        key = function if function in self.refused else None
        if key is None and function not in self.harmless:
            stems = (function[:end] + "*" for end in range(len(function), 2, -1))
            key = next((stem for stem in stems if stem in self.refused), None)
        return None if key is None else (self.rules[key], self.refused[key])

    def clock_text(self, kind: ClockKind, as_of: datetime, zone: ZoneInfo) -> str:
        """The constant, as SQL text, that a clock of this kind shows at `as_of`; microseconds are kept.

        Parameters
        ----------
        as_of
            Aware, in any zone.
        zone
            Whose date and wall clock is meant: the workspace's.

        Raises
        ------
        ValueError
            `as_of` has no offset.
        """
        if as_of.utcoffset() is None:
            raise ValueError(f"as_of {as_of!r} has no offset: a clock is pinned to an instant")
        local = as_of.astimezone(zone)
        match kind:
            case ClockKind.DAY:
                value = local.date().isoformat()
            case ClockKind.INSTANT:
                value = as_of.astimezone(UTC).isoformat(" ")
            case ClockKind.LOCAL:
                value = local.replace(tzinfo=None).isoformat(" ")
            case ClockKind.LOCAL_TIME:
                value = local.time().isoformat()
            case ClockKind.ZONED_TIME:
                value = local.isoformat()[11:]  # a time alone does not know its offset
        return f"CAST('{value}' AS {self.types[kind]})"


def lower_ascii(name: str) -> str:
    """`name` as engines fold an unquoted one: A-Z only, whatever the language."""
    return name.translate(_UPPER_TO_LOWER)
