"""A draft: the first run of a candidate's SQL, boxed and pinned as a tick would, and what is to be known before it is a metric.

`draft` gives value, past, likenesses and the sanity checks, and keeps them with the candidate. Value, past and what the checks
ask are one batch on one state of the data. The surprise: alignment is asked for before anything else. Without it the text is not
even parsed, and the marts are not opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery import checks as sanity
from heartbeat_lib.discovery.candidate import Candidate
from heartbeat_lib.discovery.candidates import keep_draft, park
from heartbeat_lib.discovery.likeness import Likeness, duplicates, known_queries
from heartbeat_lib.discovery.refusals import aligned_candidate
from heartbeat_lib.discovery.stored import select
from heartbeat_lib.discovery.subject import VALUE, Answers, Check, Number, Subject, given
from heartbeat_lib.marts import MartsError, QueryFailed, Scalar, Table, dialect_for
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Kind
from heartbeat_lib.model.anatomy.columns import table_name
from heartbeat_lib.model.code import codes_mentioned, free_code
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.period import Grain, Period, period_at, previous_period
from heartbeat_lib.model.value_sql import ValueSql, parse_value_sql
from heartbeat_lib.workbench import Workbench

PERIODS = 90
"""How much of the past is shown, the running period included."""
NO_PAST = "The SQL names no clock, so it says the same of every day: there is no past to show."


class DraftRefused(HeartbeatError):
    """The SQL gives no draft: what it reads is not there, or it does not run. No draft was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastValue:
    """One period as of its end, the running one as of the draft's instant; `error` is why it failed, or None."""

    period: Period
    value: Number | None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the SQL of a candidate gave; JupyterLab shows it as a sheet.

    Attributes
    ----------
    value
        As of `as_of` (aware), None where there is none; all digits.
    tables
        The tables read, `schema.table`.
    past
        90 periods, oldest first; without any value where the SQL names no clock.
    code
        Four signs that nobody has.
    definition
        What the SQL does, for somebody who reads none.
    rough, rough_source, note
        What the analyst typed in: a second count, where it is from, why a fallback source has to do.
    """

    candidate_id: str
    value_sql: str
    value: Number | None
    as_of: datetime
    elapsed_ms: float
    tables: tuple[str, ...]
    past: tuple[PastValue, ...]
    has_clock: bool
    code: str
    definition: str
    duplicates: tuple[Likeness, ...]
    checks: tuple[Check, ...]
    zone: ZoneInfo
    rough: Decimal | None = None
    rough_source: str | None = None
    note: str | None = None

    @property
    def period(self) -> Period:
        """The period that holds `as_of`."""
        return self.past[-1].period

    def json(self) -> dict[str, Any]:
        """Plain values, as the store keeps them and as `--json` writes them; see docs/discovery.md."""
        return {
            "candidate_id": self.candidate_id,
            "value": self.value,
            "unit": None,
            "as_of": self.as_of.isoformat(),
            "elapsed_ms": round(self.elapsed_ms, 1),
            "period": str(self.period.grain),
            "period_start": self.period.label(self.zone),
            "tables": list(self.tables),
            "past": [{"period_start": one.period.label(self.zone), "value": one.value, "error": one.error} for one in self.past],
            "past_note": None if self.has_clock else NO_PAST,
            "code": self.code,
            "definition": self.definition,
            "duplicates": [{"metric_id": d.metric_id, "kind": str(d.kind), "reason": d.reason} for d in self.duplicates],
            "checks": [check.json() for check in self.checks],
            "value_sql": self.value_sql,
            "rough": self.rough,
            "rough_source": self.rough_source,
            "note": self.note,
        }

    def _repr_html_(self) -> str:
        from heartbeat_lib.discovery.draft_html import draft_html

        return draft_html(self.json(), self.zone)

    def __repr__(self) -> str:
        from heartbeat_lib.discovery.draft_html import draft_text

        return draft_text(self.json(), self.zone)


def draft(
    workbench: Workbench,
    candidate_id: str,
    value_sql: str,
    *,
    as_of: datetime | None = None,
    rough: Decimal | None = None,
    rough_source: str | None = None,
    note: str | None = None,
    by: str | None = None,
    on: date | None = None,
) -> Draft:
    """Run the SQL of an agreed candidate, look at it from six sides, and keep what was found.

    Parameters
    ----------
    as_of
        Aware; None: now.
    rough, rough_source
        A second, rough count in the metric's unit, and where it is from.
    note
        Why a fallback source has to do; the candidate's own `source_note` serves too.
    by, on
        Who does it (None: the operator), and the report's day (None: today in the workspace's zone).

    Raises
    ------
    NotAlignedError, NoSuchCandidateError
        Nobody agreed to the story as it reads now; nothing was parsed and nothing was run.
    ValueSqlRefused
        The text is no metric; each fault with its line.
    DraftRefused
        It reads no table, tables that are missing or empty (the candidate is parked), a fallback source without a note, or the
        engine cannot run it.
    MartsUnreachable
        Nothing was loaded yet, or the marts cannot be read.
    """
    known = aligned_candidate(workbench, candidate_id)
    assert known.story is not None  # what is agreed is a story
    workspace = workbench.workspace
    parsed = parse_value_sql(value_sql, dialect_for(workspace.marts_url))
    if not parsed.tables:
        raise DraftRefused(f"The SQL of {candidate_id} reads no table, so it is a constant and no metric; read a schema.table.")
    _refuse_fallback(workbench, known, parsed, note)
    subject = Subject(
        workbench=workbench,
        parsed=parsed,
        as_of=(as_of or datetime.now(UTC)).astimezone(UTC),
        periods=_periods(as_of or datetime.now(UTC), Grain(known.story.period), workspace.zone),
        tables=_tables(workbench, known, parsed, by, on),
        meanings=known.column_meanings,
    )
    answers = _answers(subject, candidate_id)
    value = answers[VALUE]
    assert isinstance(value, Scalar)
    made = Draft(
        candidate_id=candidate_id,
        value_sql=value_sql,
        value=value.value,
        as_of=subject.as_of,
        elapsed_ms=value.elapsed_s * 1000,
        tables=parsed.tables,
        past=tuple(_past(subject, answers)),
        has_clock=parsed.has_clock,
        code=_code(workbench, known),
        definition=_definition(subject.anatomy),
        duplicates=duplicates(parsed, known_queries(workbench, but=candidate_id)),
        checks=sanity.checks(subject, answers, rough=rough, rough_source=rough_source),
        zone=workspace.zone,
        rough=rough,
        rough_source=rough_source,
        note=note,
    )
    keep_draft(workbench, known, made.json(), by=by, on=on)
    return made


def _periods(as_of: datetime, grain: Grain, zone: ZoneInfo) -> tuple[Period, ...]:
    """Oldest first; the last one holds `as_of`."""
    periods = [period_at(as_of, grain, zone)]
    while len(periods) < PERIODS:
        periods.append(previous_period(periods[-1], zone))
    return tuple(reversed(periods))


def _refuse_fallback(workbench: Workbench, known: Candidate, parsed: ValueSql, note: str | None) -> None:
    if (note and note.strip()) or known.source_note:
        return
    fallback = {source.schema_name for source in workbench.workspace.settings.source if source.fallback}
    read = [table for table in parsed.tables if table_name(table)[0].lower() in fallback]
    if read:
        raise DraftRefused(
            f"{', '.join(read)}: a fallback, not the source of truth. Say why it has to do: --note TEXT, or source_note in "
            "the story."
        )


def _tables(workbench: Workbench, known: Candidate, parsed: ValueSql, by: str | None, on: date | None) -> Mapping[str, Table]:
    """The tables read, by `schema.table` in lower case; where one is missing or empty the candidate is parked and refused."""
    names = [table_name(table) for table in parsed.tables]
    there = {f"{table.schema}.{table.name}".lower(): table for table in workbench.marts.tables()}
    wanted = {f"{schema}.{name}".lower(): f"{schema}.{name}" for schema, name in names}
    empty = [name for key, name in wanted.items() if key in there and there[key].rows == 0]
    missing = [name for key, name in wanted.items() if key not in there]
    if not missing and not empty:
        return {key: there[key] for key in wanted}
    park(workbench, known.candidate_id, [*missing, *empty], by=by, on=on)
    said = [_missing(name, there) for name in missing] + [f"{name} has no rows yet" for name in empty]
    raise DraftRefused(
        f"{'; '.join(said)}. {known.candidate_id} is parked until they have landed, and shows up again then. Load them "
        "(heartbeat load), or let it read another table: write its story with waits_for = [] and draft anew."
    )


def _missing(name: str, there: Mapping[str, Table]) -> str:
    near = get_close_matches(name.lower(), there, n=1, cutoff=0.75)
    return f"{name} is not in the marts{f'; did you mean {near[0]}?' if near else ''}"


def _answers(subject: Subject, candidate_id: str) -> Answers:
    """Value, past and what the checks ask, in one batch; where the value fails the rest is not waited for."""
    jobs = {VALUE: subject.at(subject.as_of)}
    if subject.parsed.has_clock:
        jobs |= {subject.tag(at): subject.at(subject.instant(at)) for at in range(len(subject.periods) - 1)}
    jobs |= sanity.asks(subject)
    timeout_s = subject.workbench.workspace.settings.compute.timeout_s
    answers: dict[str, Scalar | MartsError] = {}
    for tag, answer in subject.workbench.marts.scalars(jobs.items(), timeout_s=timeout_s):
        if tag == VALUE and isinstance(answer, MartsError):
            line = f"line {answer.line}: " if isinstance(answer, QueryFailed) and answer.line else ""
            raise DraftRefused(f"The SQL of {candidate_id} gives no number: {line}{answer} No draft was kept.") from answer
        answers[tag] = answer
    return answers


def _past(subject: Subject, answers: Answers) -> Iterator[PastValue]:
    for at, period in enumerate(subject.periods):
        answer = answers[subject.tag(at)] if subject.parsed.has_clock else None
        error = answer.reason if isinstance(answer, MartsError) else None
        yield PastValue(period=period, value=given(answer), error=error)


def _code(workbench: Workbench, known: Candidate) -> str:
    """The code of its draft before, where that is still free, else a new one."""
    taken = {row["code"] for row in select(workbench, "codes_taken", candidate_id=known.candidate_id)}
    files = (path for path in workbench.workspace.metrics.glob("*.sql") if path.is_file())
    taken |= {code for path in files for code in codes_mentioned(path.read_text("utf-8", errors="replace"))}
    before = (known.draft or {}).get("code")
    return before if before is not None and before not in taken else free_code(known.candidate_id, taken)


def _definition(anatomy: Anatomy) -> str:
    rows = [found.words for found in anatomy.conditions if not found.counted and found.kind is not Kind.GUARD]
    of = ", ".join(anatomy.tables)
    return f"{anatomy.value or 'One number'} of {of}{'; rows where ' if rows else ''}{' and '.join(rows)}"
