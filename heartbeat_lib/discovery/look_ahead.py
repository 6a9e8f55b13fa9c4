"""Look-ahead: does the past, as of then, read rows from after it?

For a spread of finished periods the query runs over its tables as they can have been then: rows not later than the instant, and
every later day or instant in them reads NULL. A row is there from its first day or instant on that is neither a plan nor a
birthday. Where that says another number than the query alone, the query counts what nobody could know: the past it shows was
never on any screen.

Plans (due dates, and columns that the analyst called so) may lie ahead on purpose. They stay at first; what changes when they
read NULL too is doubtful and named. The surprise: asked only at the ends of periods, as history is made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from heartbeat_lib.discovery.moments import event_column, is_birth, is_plan
from heartbeat_lib.discovery.rewriting import CannotRewrite, over, round_trip
from heartbeat_lib.discovery.subject import Answers, Check, Subject, is_same, said, why
from heartbeat_lib.discovery.time_column import is_time, past_sql
from heartbeat_lib.marts import Column, MartsError, Scalar
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
    if (unclear := _unexamined(subject, answers)) is not None:
        return Check(name=NAME, verdict=Verdict.NOT_EXAMINED, evidence=unclear)
    spread = [at for at in _spread(subject) if not isinstance(answers[subject.tag(at)], MartsError)]
    ahead = [at for at in spread if not is_same(answers[subject.tag(at)], answers[f"then {at}"])]
    if ahead:
        return _ahead(subject, answers, ahead, len(spread))
    dateless = _without_times(subject)
    blind = f" {', '.join(dateless)} cannot be dated, so what was there then is not known." if dateless else ""
    planned = [at for at in spread if _plans(subject) and not is_same(answers[subject.tag(at)], answers[f"plans {at}"])]
    if planned:
        at = planned[-1]
        plain, without = answers[subject.tag(at)], answers[f"plans {at}"]
        where = _named(_blamed(subject, at, plain, _plans(subject)))
        evidence = (
            f"It reads {where} beyond the end of a period, a plan: of {subject.period_words(at)} it says {said(plain)}, "
            f"without later ones {said(without)}. That is right if they were known by then.{blind}"
        )
        return Check(name=NAME, verdict=Verdict.DOUBTFUL, evidence=evidence)
    evidence = (
        f"{counted(len(spread), 'period')} between {subject.period_words(spread[0])} and {subject.period_words(spread[-1])} say "
        f"the same when nothing later is there ({_named(sorted(_events(subject)))}).{blind}"
    )
    return Check(name=NAME, verdict=Verdict.HOLDS, evidence=evidence)


def _ahead(subject: Subject, answers: Answers, ahead: Sequence[int], looked_at: int) -> Check:
    """What it says of the last period that reads ahead, what it would say, and why."""
    at = ahead[-1]
    plain, then = answers[subject.tag(at)], answers[f"then {at}"]
    where = _blamed(subject, at, plain, _events(subject))
    evidence = (
        f"{len(ahead)} of {counted(looked_at, 'period')} looked at count later rows. Of {subject.period_words(at)} "
        f"it says {said(plain)}, and with what was there then {said(then)}: what lies after it is {_named(where)}. "
        f"Add {_remedy(subject, where[0])}."
    )
    return Check(name=NAME, verdict=Verdict.FAILS, evidence=evidence)


def _named(columns: Sequence[_Column]) -> str:
    return " and ".join(f"{table}.{column}" for table, column in columns)


def _unexamined(subject: Subject, answers: Answers) -> str | None:
    """Why it could not be looked at; None where it could."""
    if not subject.parsed.has_clock:
        return "It names no clock, so it has no past."
    if not _events(subject):
        return f"{', '.join(subject.tables)}: no column says when a row came, so what was there then is not known."
    if (first := next((at for at in _spread(subject)), None)) is None or f"then {first}" not in answers:
        return "It cannot be written over the rows that were there then; read the SQL, each table needs a bound by its time."
    spread = [at for at in _spread(subject) if not isinstance(answers[subject.tag(at)], MartsError)]
    if not spread:
        return f"None of its past can be computed: {why(answers[subject.tag(first)])}"
    rewritten = [answers[f"{kind} {at}"] for at in spread for kind in ("then", "plans") if f"{kind} {at}" in answers]
    failed = next((answer for answer in rewritten if isinstance(answer, MartsError)), None)
    if failed is not None:
        return f"Over the rows that were there then the engine says: {why(failed)}"
    if any(not is_same(answers[subject.tag(at)], answers[f"again {at}"]) for at in spread):
        return "Written anew it says something else than it does as it stands, so nothing can be compared."
    return None


def _spread(subject: Subject) -> list[int]:
    """Some finished periods from the oldest to the newest, oldest first."""
    last = len(subject.periods) - 2
    return sorted({round(last * step / (_SPREAD - 1)) for step in range(_SPREAD)})


def _as_then(subject: Subject, instant: datetime, columns: Collection[_Column]) -> str:
    """The query over rows that were there, with later days and instants in `columns` read as NULL."""
    return over(subject.parsed, subject.at(instant), lambda name: _rows(subject, name, instant, columns, _events(subject)))


def _rows(subject: Subject, name: str, instant: datetime, unknown: Collection[_Column], come: Collection[_Column]) -> str | None:
    """A table as it can have been at an instant; None where nothing of it is held back.

    Parameters
    ----------
    unknown
        Columns in which what is later reads NULL.
    come
        Columns of which one has to have come by then, for the row to be there; a row in which all are NULL is.
    """
    table = subject.tables[name]
    by_then = {column.name: past_sql(column, instant, subject.zone) for of, column in _times(subject) if of == name}
    known = [
        f"CASE WHEN {condition} THEN {identifier(column)} END AS {identifier(column)}"
        for column, condition in by_then.items()
        if (name, column) in unknown
    ]
    events = [column for column in by_then if (name, column) in come]
    if not known and not events:
        return None
    none = " AND ".join(f"{identifier(column)} IS NULL" for column in events)
    where = f" WHERE {' OR '.join(by_then[column] for column in events)} OR ({none})" if events else ""
    read = f"* REPLACE ({', '.join(known)})" if known else "*"
    return f"SELECT {read} FROM {identifier(table.schema)}.{identifier(table.name)}{where}"  # noqa: S608


def _blamed(subject: Subject, at: int, plain: Scalar | MartsError, columns: Collection[_Column]) -> list[_Column]:
    """What makes the difference: columns that alone read NULL where later, and those by which later rows alone are left out."""
    instant, pinned = subject.instant(at), subject.at(subject.instant(at))
    asked: dict[str, tuple[_Column, str]] = {}

    def ask(of: _Column, unknown: Collection[_Column], come: Collection[_Column]) -> None:
        sql = over(subject.parsed, pinned, lambda name: _rows(subject, name, instant, unknown, come))
        asked[str(len(asked))] = (of, sql)

    for name in subject.tables:
        own = [column for column in sorted(columns) if column[0] == name]
        for column in own:
            ask(column, [column], [])
        events = [column for column in own if column in _events(subject)]
        first = event_column([column for of, column in _times(subject) if (of, column.name) in events])
        if first is not None:
            ask((name, first.name), [], events)
    timeout_s = subject.workbench.workspace.settings.compute.timeout_s
    answers = dict(subject.workbench.marts.scalars([(tag, sql) for tag, (_, sql) in asked.items()], timeout_s=timeout_s))
    found = [of for tag, (of, _) in asked.items() if not is_same(plain, answers[tag])]
    return list(dict.fromkeys(found or sorted(columns)))


def _remedy(subject: Subject, of: _Column) -> str:
    """The condition that keeps the query from it."""
    column = next(column for name, column in _times(subject) if (name, column.name) == of)
    return f"{column.name} <= {'current_date' if column.type == 'DATE' else 'now()'}"


def _events(subject: Subject) -> set[_Column]:
    return {(name, column.name) for name, column in _times(subject) if not _is_plan(subject, name, column)}


def _plans(subject: Subject) -> set[_Column]:
    """The plans that the query reads."""
    return {
        (name, column.name)
        for name, column in _times(subject)
        if _is_plan(subject, name, column) and column.name.lower() in subject.read[name]
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
