"""What the sanity checks look at: one query, the instants it was asked about, and the tables that it reads.

Each check says beforehand what it would ask (`asks`), so that value, past and checks are one batch on one state of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery.moments import event_column
from heartbeat_lib.discovery.time_column import is_time
from heartbeat_lib.marts import Column, MartsError, Scalar, Table
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Kind, anatomy_of
from heartbeat_lib.model.anatomy.columns import columns_read
from heartbeat_lib.model.display import number
from heartbeat_lib.model.figures import exactly
from heartbeat_lib.model.period import Grain, Period
from heartbeat_lib.model.value_sql import ValueSql
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import day, listed_period, time
from heartbeat_lib.workbench import Workbench

Number = int | Decimal | float
Answers = Mapping[str, Scalar | MartsError]
"""What the marts answered, by the tag of what was asked."""

VALUE = "value"
_TOLERANCE = Decimal("1e-9")
"""Relative; sums of doubles differ in their last digits from run to run."""
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one sanity check found; `evidence` is a sentence or two with figures."""

    name: str
    verdict: Verdict
    evidence: str

    def json(self) -> dict[str, str]:
        """Plain values."""
        return {"name": self.name, "verdict": str(self.verdict), "evidence": self.evidence}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The query under examination. Instants are aware.

    Attributes
    ----------
    periods
        Oldest first; the last one is the period that holds `as_of` and may still run.
    tables
        `schema.table` in lower case -> the table as the marts have it.
    meanings
        `schema.table.column` -> what the analyst takes it to mean.
    """

    workbench: Workbench
    parsed: ValueSql
    as_of: datetime
    periods: tuple[Period, ...]
    tables: Mapping[str, Table]
    meanings: Mapping[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """Where days are cut."""
        return self.workbench.workspace.zone

    @property
    def grain(self) -> Grain:
        """How long a period is."""
        return self.periods[-1].grain

    @cached_property
    def anatomy(self) -> Anatomy:
        """What the query does."""
        types = {f"{name}.{column.name.lower()}": column.type for name, table in self.tables.items() for column in table.columns}
        return anatomy_of(self.parsed, types)

    @cached_property
    def read(self) -> Mapping[str, set[str]]:
        """Table -> the columns of it that the query reads, in lower case."""
        known = {name: {column.name.lower() for column in table.columns} for name, table in self.tables.items()}
        return columns_read(self.parsed, known)

    @cached_property
    def events(self) -> Mapping[str, Column]:
        """Table -> the column by which the query, or else the table, says when a row happened, if there is one."""
        windows = {c for found in self.anatomy.conditions if found.kind in (Kind.WINDOW, Kind.GUARD) for c in found.columns}
        found: dict[str, Column] = {}
        for name, table in self.tables.items():
            times = [column for column in table.columns if is_time(column)]
            preferred = [column for column in times if column.name.lower() in windows & self.read[name]]
            column = event_column(preferred) or event_column(times)
            if column is not None:
                found[name] = column
        return found

    def at(self, instant: datetime) -> str:
        """The query pinned to an instant."""
        return self.parsed.pinned(instant, self.zone)

    def instant(self, at: int) -> datetime:
        """As of when the period number `at` is asked: its last microsecond, of the last one `as_of`."""
        return self.as_of if at == len(self.periods) - 1 else self.periods[at].last_instant

    def tag(self, at: int) -> str:
        """Under which tag that is answered."""
        return VALUE if at == len(self.periods) - 1 else f"past {at}"

    def period_words(self, at: int) -> str:
        """That period as people name it."""
        return listed_period(self.periods[at].start, self.grain, self.zone)

    def some_periods(self, numbers: Sequence[int]) -> str:
        """The latest few of some periods, and how many more there are."""
        shown = [self.period_words(at) for at in sorted(numbers, reverse=True)[:_NAMED]]
        more = len(numbers) - len(shown)
        return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def given(answer: Scalar | MartsError | None) -> Number | None:
    """The value; None where there is none, or the query failed."""
    return answer.value if isinstance(answer, Scalar) else None


def said(answer: Scalar | MartsError | None) -> str:
    """An answer as a sentence holds it: 1,204, no value, nothing (it failed: division by zero)."""
    if isinstance(answer, MartsError):
        return f"nothing (it failed: {why(answer).rstrip('.')})"
    return number(given(answer))


def why(error: object) -> str:
    """A failure in one line that ends with a full stop."""
    return f"{' '.join(str(error).split()).rstrip('.')}."


def is_same(one: Scalar | MartsError | None, other: Scalar | MartsError | None) -> bool:
    """Whether two answers say the same number, within a billionth, or both none. A failure is like nothing."""
    if isinstance(one, MartsError) or isinstance(other, MartsError):
        return False
    left, right = given(one), given(other)
    if left is None or right is None:
        return left is right
    ours, theirs = exactly(left), exactly(right)
    return abs(ours - theirs) <= _TOLERANCE * max(abs(ours), abs(theirs))


def apart(one: Number | None, base: Number | None) -> str:
    """How far one number lies from another, in percent of that: +2.5 %; "" where that cannot be said."""
    if one is None or not base:
        return ""
    return f"{100 * (float(one) - float(base)) / abs(float(base)):+.3g} %"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """24 Nov 2026 09:17."""
    local = instant.astimezone(zone)
    return f"{day(local, year=True)} {time(local)}"
