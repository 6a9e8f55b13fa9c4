"""NULL and zero: what the number says where there is nothing to say.

It is asked as of a time long before the first row, and of those of its past periods in which its tables have no rows. "No value"
is honest; a 0 looks like a quiet day when a load never came, so a person has to want it; the 0 of an average or a share of
nothing is made up, and so is any other number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from heartbeat_lib.discovery.moments import moment_sql
from heartbeat_lib.discovery.subject import VALUE, Answers, Check, Subject, given, said, why
from heartbeat_lib.marts import MartsError
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.period import Grain
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import counted

NAME = "NULL and zero"
EMPTY = "without rows"
LONG_BEFORE = datetime(1900, 1, 1, 12, tzinfo=UTC)
"""A time of which nobody keeps business data."""
_COUNTING = {"count", "distinct", "sum"}


def asks(subject: Subject) -> dict[str, str]:
    """The query long before the first row."""
    return {EMPTY: subject.at(LONG_BEFORE)} if subject.parsed.has_clock else {}


def examine(subject: Subject, answers: Answers) -> Check:
    """Judge what it says without rows."""
    periods = range(len(subject.periods)) if subject.parsed.has_clock else ()
    values = {at: answers[subject.tag(at)] for at in periods}
    zero = [at for at, answer in values.items() if given(answer) == 0]
    none = [at for at, answer in values.items() if not isinstance(answer, MartsError) and answer.value is None]
    of_past = _of_past(subject, zero, none)
    if not subject.parsed.has_clock:
        value = said(answers[VALUE])
        return Check(
            name=NAME,
            verdict=Verdict.NOT_EXAMINED,
            evidence=f"It says {value} today. It names no clock, so it cannot be asked of a time without rows.",
        )
    empty = answers[EMPTY]
    without = _periods_without_rows(subject)
    in_gaps = {at for at in without if at in values and at != len(subject.periods) - 1}
    zero_gaps = sorted(in_gaps & set(zero))
    gaps = ""
    if in_gaps:
        failed = sum(isinstance(values[at], MartsError) for at in in_gaps)
        told = {"says 0": len(zero_gaps), "has no value": len(in_gaps & set(none)), "fails": failed}
        words = " and ".join(f"{what} in {count}" for what, count in told.items() if count)
        gaps = f" In {counted(len(in_gaps), 'period')} its tables have no rows; of these it {words or 'says a number in all'}."
    if isinstance(empty, MartsError):
        verdict, what = Verdict.DOUBTFUL, f"As of 1 Jan 1900, before any row, it fails: {why(empty)}"
    elif empty.value is None and not _gaps_read_as_zero(in_gaps, zero, len(values)):
        verdict, what = Verdict.HOLDS, "As of 1 Jan 1900, before any row, it has no value, and does not say 0."
    elif empty.value is None:
        verdict = Verdict.DOUBTFUL
        what = (
            "As of 1 Jan 1900, before any row, it has no value; but where its tables have no rows in a period it says 0 "
            f"({subject.some_periods(zero_gaps)}): a load that never came would look like a quiet one."
        )
    elif empty.value == 0 and _is_count(subject):
        verdict = Verdict.DOUBTFUL
        what = (
            "As of 1 Jan 1900, before any row, it says 0: a load that never came would look like a quiet day. Where nothing must "
            "be told from none, write CASE WHEN count(*) > 0 THEN … END over all rows."
        )
    elif empty.value == 0:
        verdict = Verdict.FAILS
        what = "As of 1 Jan 1900, before any row, it says 0: an average or share of nothing is no value, and the SQL makes it 0."
    else:
        verdict = Verdict.FAILS
        what = f"As of 1 Jan 1900, before any row, it says {said(empty)}: it counts rows without asking when they came."
    return Check(name=NAME, verdict=verdict, evidence=f"{what}{gaps} {of_past}")


def _of_past(subject: Subject, zero: list[int], none: list[int]) -> str:
    if not zero and not none:
        return f"None of the {len(subject.periods)} periods is 0 or without a value."
    parts = []
    if zero:
        parts.append(f"{len(zero)} {'says' if len(zero) == 1 else 'say'} 0 ({subject.some_periods(zero)})")
    if none:
        parts.append(f"{len(none)} {'has' if len(none) == 1 else 'have'} no value ({subject.some_periods(none)})")
    return f"Of {len(subject.periods)} periods {' and '.join(parts)}."


def _gaps_read_as_zero(gaps: set[int], zero: Sequence[int], periods: int) -> bool:
    """Whether periods without rows all say 0 and most others do not: a stock that happens to be 0 on a quiet day is none."""
    elsewhere = len(set(zero) - gaps)
    return bool(gaps) and gaps <= set(zero) and 2 * elsewhere < periods - len(gaps)


def _is_count(subject: Subject) -> bool:
    """Whether nothing of it is really zero of it: a count or a sum, and no quotient."""
    return subject.anatomy.ratio is None and set(subject.anatomy.aggregates) <= _COUNTING


def _periods_without_rows(subject: Subject) -> set[int]:
    """The periods in which none of the tables that know when their rows happened has one; none where that cannot be asked."""
    bare: set[int] | None = None
    for name, column in subject.events.items():
        if column.type == "DATE" and subject.grain is Grain.HOUR:
            continue
        table, dialect = subject.tables[name], subject.parsed.dialect
        bounds = (
            (moment_sql(column, at, subject.zone, dialect) for at in (period.start, period.last_instant))
            for period in subject.periods
        )
        key = identifier(column.name)
        found = ", ".join(f"bool_or({key} BETWEEN {low} AND {high})" for low, high in bounds)
        sql = f"SELECT {found} FROM {identifier(table.schema)}.{identifier(table.name)}"  # noqa: S608
        try:
            row = subject.workbench.marts.rows(
                sql, limit=1, timeout_s=subject.workbench.workspace.settings.compute.timeout_s
            ).rows[0]
        except MartsError:
            return set()
        here = {at for at, any_row in enumerate(row) if not any_row}
        bare = here if bare is None else bare & here
    return bare or set()
