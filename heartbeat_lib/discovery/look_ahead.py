"""Look-ahead: does the past, as of then, read rows from after it?

For a spread of finished periods the query runs over its tables as they can have been then: rows not later than the instant, and
every later day or instant in them reads NULL. A row is there from its first day or instant on that is neither a plan nor a
birthday. Where that says another number than the query alone, the query counts what nobody could know: the past it shows was
never on any screen.

Plans (due dates, and columns that the analyst called so) may lie ahead on purpose. They stay at first; what changes when they
read NULL too is doubtful and named. The surprise: asked only at the ends of periods, as history is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from heartbeat_lib.discovery.moments import is_birth, is_plan
from heartbeat_lib.discovery.rewriting import CannotRewrite, over, round_trip
from heartbeat_lib.discovery.subject import Answers, Check, Subject, is_same, said
from heartbeat_lib.discovery.time_column import is_time, past_sql
from heartbeat_lib.marts import Column, MartsError, Table
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import counted

NAME = "look-ahead"
_SPREAD = 12
_Column = tuple[str, str]
"""`schema.table` and a column, as the marts name it."""


def asks(subject: Subject) -> dict[str, str]:
    """The query over what was there, at each period of the spread: without later events, and without later plans too."""
    if not subject.parsed.has_clock or not _events(subject):
        return {}
    asked: dict[str, str] = {}
    try:
        for at in _spread(subject):
            asked[f"then {at}"] = _as_then(subject, subject.instant(at), _events(subject))
            if _plans(subject):
                asked[f"plans {at}"] = _as_then(subject, subject.instant(at), _events(subject) | _plans(subject))
            asked[f"again {at}"] = round_trip(subject.parsed, subject.at(subject.instant(at)))
    except CannotRewrite:
        return {}
    return asked


def examine(subject: Subject, answers: Answers) -> Check:
    """Judge by what differs; one more batch says which column it is."""
    if (why := _unexamined(subject, answers)) is not None:
        return Check(name=NAME, verdict=Verdict.NOT_EXAMINED, evidence=why)
    spread = [at for at in _spread(subject) if not isinstance(answers[subject.tag(at)], MartsError)]
    ahead = [at for at in spread if not is_same(answers[subject.tag(at)], answers[f"then {at}"])]
    if ahead:
        at = ahead[-1]
        plain, then = answers[subject.tag(at)], answers[f"then {at}"]
        where = _blamed(subject, at, plain, _events(subject))
        many = f"{counted(len(ahead), 'period')} of {len(spread)} looked at read rows from after them" if len(ahead) > 1 else "It reads ahead"
        evidence = (
            f"{many}: of {subject.period_words(at)} it says {said(plain)}, and with what was there at its end {said(then)}. "
            f"It is {where}; add a condition such as {_remedy(where)}."
        )
        return Check(name=NAME, verdict=Verdict.FAILS, evidence=evidence)
    planned = [at for at in spread if _plans(subject) and not is_same(answers[subject.tag(at)], answers[f"plans {at}"])]
    dateless = _without_times(subject)
    blind = f" {', '.join(dateless)} cannot be dated, so what was there then is not known." if dateless else ""
    if planned:
        at = planned[-1]
        where = _blamed(subject, at, answers[subject.tag(at)], _plans(subject))
        evidence = (
            f"It reads {where} beyond the end of a period, taken for a plan: of {subject.period_words(at)} it says "
            f"{said(answers[subject.tag(at)])}, without that {said(answers[f'plans {at}'])}. Right if it was known by then.{blind}"
        )
        return Check(name=NAME, verdict=Verdict.DOUBTFUL, evidence=evidence)
    columns = ", ".join(sorted({f"{table}.{column}" for table, column in _events(subject)}))
    evidence = (
        f"{counted(len(spread), 'period')} between {subject.period_words(spread[0])} and {subject.period_words(spread[-1])} say the "
        f"same when nothing later is there ({columns}).{blind}"
    )
    return Check(name=NAME, verdict=Verdict.HOLDS, evidence=evidence)


def _unexamined(subject: Subject, answers: Answers) -> str | None:
    """Why it could not be looked at; None where it could."""
    if not subject.parsed.has_clock:
        return "It names no clock, so it has no past."
    if not _events(subject):
        return f"{', '.join(subject.tables)}: no column says when a row came, so what was there then is not known."
    if (first := next((at for at in _spread(subject)), None)) is None or f"then {first}" not in answers:
        return "It cannot be written over the rows that were there then; read the SQL, each table needs a bound by its time."
    failed = next((answers[tag] for tag in answers if tag.startswith(("then ", "plans ")) and isinstance(answers[tag], MartsError)), None)
    if failed is not None:
        return f"Over the rows that were there then the engine says: {' '.join(str(failed).split())}"
    if all(isinstance(answers[subject.tag(at)], MartsError) for at in _spread(subject)):
        return "None of its past can be computed."
    if any(
        not is_same(answers[subject.tag(at)], answers[f"again {at}"])
        for at in _spread(subject)
        if not isinstance(answers[subject.tag(at)], MartsError)
    ):
        return "Written anew it says something else than it does as it stands, so nothing can be compared."
    return None


def _spread(subject: Subject) -> list[int]:
    """Some finished periods from the oldest to the newest, oldest first."""
    last = len(subject.periods) - 2
    return sorted({round(last * step / (_SPREAD - 1)) for step in range(_SPREAD)})


def _as_then(subject: Subject, instant: datetime, columns: Iterable[_Column]) -> str:
    by_table: dict[str, set[str]] = {}
    for table, column in columns:
        by_table.setdefault(table, set()).add(column)

    def rows(name: str) -> str | None:
        return _rows_then(subject, subject.tables[name], by_table[name], instant) if name in by_table else None

    return over(subject.parsed, subject.at(instant), rows)


def _rows_then(subject: Subject, table: Table, names: set[str], instant: datetime) -> str:
    """The table as it can have been; a row is there once one of its events has come, or where it has none."""
    columns = [column for column in table.columns if column.name in names]
    come = {c.name: past_sql(c, instant, subject.zone) for c in columns}
    known = ", ".join(f"CASE WHEN {come[c.name]} THEN {identifier(c.name)} END AS {identifier(c.name)}" for c in columns)
    events = [c for c in columns if (_name(table), c.name) in _events(subject)]
    there = " OR ".join(come[c.name] for c in events)
    none = " AND ".join(f"{identifier(c.name)} IS NULL" for c in events)
    where = f" WHERE {there} OR ({none})" if events else ""
    return f"SELECT * REPLACE ({known}) FROM {identifier(table.schema)}.{identifier(table.name)}{where}"  # noqa: S608


def _blamed(subject: Subject, at: int, plain: object, columns: set[_Column]) -> str:
    """Which of some columns make the difference when each alone is held back: `schema.table.column`, joined by "and"."""
    instant = subject.instant(at)
    jobs = {f"{table}.{column}": _as_then(subject, instant, [(table, column)]) for table, column in sorted(columns)}
    timeout_s = subject.workbench.workspace.settings.compute.timeout_s
    answers = dict(subject.workbench.marts.scalars(jobs.items(), timeout_s=timeout_s))
    found = [name for name in jobs if not isinstance(answers[name], MartsError) and not is_same(plain, answers[name])]  # type: ignore[arg-type]
    return " and ".join(found or jobs)


def _remedy(where: str) -> str:
    column = where.partition(" and ")[0].rpartition(".")[2]
    return f"{column} <= now()"


def _name(table: Table) -> str:
    return f"{table.schema}.{table.name}".lower()


def _events(subject: Subject) -> set[_Column]:
    return {(name, column.name) for name, column in _times(subject) if not _is_plan(subject, name, column)}


def _plans(subject: Subject) -> set[_Column]:
    """The plans that the query reads."""
    read: Mapping[str, set[str]] = subject.read
    return {
        (name, column.name)
        for name, column in _times(subject)
        if _is_plan(subject, name, column) and column.name.lower() in read[name]
    }


def _times(subject: Subject) -> list[tuple[str, Column]]:
    return [
        (name, column)
        for name, table in subject.tables.items()
        for column in table.columns
        if is_time(column) and not is_birth(column)
    ]


def _is_plan(subject: Subject, name: str, column: Column) -> bool:
    meanings = {key.lower(): text for key, text in subject.meanings.items()}
    return is_plan(column, meanings.get(f"{name}.{column.name}".lower(), ""))


def _without_times(subject: Subject) -> list[str]:
    dated = {name for name, _ in _events(subject)}
    return [name for name in subject.tables if name not in dated]
