"""A day's shift: does the number follow the clock, and does it cut days where the workspace cuts them?

It is asked at the first and the last microsecond of a finished period, and a day before and after its end. Then on both sides of
three midnights, the workspace's and UTC's: a number that changes at UTC's midnight and at none of ours cuts its days in UTC. At
last it is asked with every instant and clock on UTC's clock, which says how much such a mistake would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlglot import exp

from heartbeat_lib.discovery.rewriting import CannotRewrite, over
from heartbeat_lib.discovery.subject import VALUE, Answers, Check, Subject, apart, given, is_same, moment, said, why
from heartbeat_lib.discovery.time_column import is_time
from heartbeat_lib.marts import MartsError
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.anatomy.tree import tree_of
from heartbeat_lib.model.period import Grain, Period, period_at, previous_period
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import listed_period

NAME = "day's shift"
FIRST, LAST, BACK, ON, IN_UTC = "shift first", "shift last", "shift a day back", "shift a day on", "shift UTC"
_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)
_MIDNIGHTS = 3
_LARGE = 0.1


def asks(subject: Subject) -> dict[str, str]:
    """The query as the clock moves around a finished period's end."""
    if not subject.parsed.has_clock:
        return {}
    period = _period(subject)
    instants = {
        FIRST: period.start,
        LAST: period.last_instant,
        BACK: period.last_instant - _DAY,
        ON: period.last_instant + _DAY,
    }
    instants |= {tag: instant for pair in _midnights(subject) for tag, instant in pair}
    asked = {tag: subject.at(instant) for tag, instant in instants.items()}
    if (sql := _in_utc(subject, period.last_instant)) is not None:
        asked[IN_UTC] = sql
    return asked


def examine(subject: Subject, answers: Answers) -> Check:
    """Judge how it moves."""
    if not subject.parsed.has_clock:
        return Check(
            name=NAME,
            verdict=Verdict.FAILS,
            evidence=f"It names no clock, so it says {said(answers[VALUE])} of every day and its past cannot be computed. "
            "Say which rows belong to a day: with current_date and now().",
        )
    around = {tag: answers[tag] for tag in (FIRST, LAST, BACK, ON)}
    period = _period(subject)
    words = listed_period(period.start, subject.grain, subject.zone)
    if all(isinstance(answer, MartsError) for answer in around.values()):
        return Check(name=NAME, verdict=Verdict.NOT_EXAMINED, evidence=f"Around {words} it fails: {why(answers[LAST])}")
    told = (
        f"At the end of {words} it says {said(answers[LAST])}, at its first microsecond {said(answers[FIRST])}, "
        f"a day before the end {said(answers[BACK])}, a day after {said(answers[ON])}."
    )
    elsewhere = _zones_elsewhere(subject)
    in_utc, of_utc = _moves(subject, answers)
    if elsewhere:
        what = f"The SQL cuts time in {', '.join(elsewhere)}, and the workspace's days are those of {subject.zone.key}."
        return Check(name=NAME, verdict=Verdict.FAILS, evidence=f"{what}{of_utc} {told}")
    if in_utc is not None:
        what = f"It changes at UTC's midnights and not at those of {subject.zone.key}: it cuts its days in UTC."
        return Check(name=NAME, verdict=in_utc, evidence=f"{what}{of_utc} {told}")
    past = [answers[subject.tag(at)] for at in range(len(subject.periods))]
    asked = [*around.values(), *past]
    if all(not given(answer) for answer in asked):
        return Check(
            name=NAME,
            verdict=Verdict.NOT_EXAMINED,
            evidence="It has no value, or 0, wherever the clock stands.",
        )
    if all(is_same(answer, asked[0]) for answer in asked):
        what = f"It says {said(asked[0])} wherever the clock stands, in all {len(past)} periods too: the clock decides nothing."
        return Check(name=NAME, verdict=Verdict.DOUBTFUL, evidence=what)
    return Check(name=NAME, verdict=Verdict.HOLDS, evidence=f"{told}{_utc_words(subject, answers)}")


def _period(subject: Subject) -> Period:
    """The last period that a whole day follows before `as_of`."""
    day_ago = subject.as_of - _DAY
    return next(
        (period for period in reversed(subject.periods) if period.end <= day_ago),
        previous_period(subject.periods[0], subject.zone),
    )


def _midnights(subject: Subject) -> Iterator[tuple[tuple[str, datetime], ...]]:
    """Before and at our midnight, and UTC's next one, of some days; nothing where they are one."""
    day = period_at(_period(subject).last_instant, Grain.DAY, subject.zone)
    for number in range(_MIDNIGHTS):
        utc = datetime.combine(day.start.date(), time(), UTC)
        utc = utc if utc >= day.start else utc + _DAY
        if utc not in (day.start, day.end):
            yield (
                (f"shift before ours {number}", day.start - _INSTANT),
                (f"shift ours {number}", day.start),
                (f"shift before UTC {number}", utc - _INSTANT),
                (f"shift UTC {number}", utc),
            )
        day = previous_period(day, subject.zone)


def _moves(subject: Subject, answers: Answers) -> tuple[Verdict | None, str]:
    """What it means that the number changes at each of UTC's midnights and at none of ours, and the last change in words.

    None: that is not so. A small change is doubtful, since rows may come on the hour.
    """
    changes: list[tuple[bool, bool]] = []
    verdict, words = Verdict.DOUBTFUL, ""
    for pair in _midnights(subject):
        before, at, utc_before, utc_at = (answers[tag] for tag, _ in pair)
        changes.append((not is_same(before, at), not is_same(utc_before, utc_at)))
        words = words or f" At {moment(pair[3][1], subject.zone)} it goes from {said(utc_before)} to {said(utc_at)}."
        old, new = float(given(utc_before) or 0), float(given(utc_at) or 0)
        if abs(new - old) > _LARGE * max(abs(old), abs(new)):
            verdict = Verdict.FAILS
    if not changes or any(ours or not theirs for ours, theirs in changes):
        return None, words
    return verdict, words


def _zones_elsewhere(subject: Subject) -> list[str]:
    """The zones that the SQL names and that are not the workspace's."""
    tree = tree_of(subject.parsed)
    named = [node.args.get("zone") for node in tree.find_all(exp.AtTimeZone)]
    named += [
        node.expressions[0]
        for node in tree.find_all(exp.Anonymous)
        if node.name.lower() == "timezone" and len(node.expressions) == 2
    ]
    texts = [node.name for node in named if isinstance(node, exp.Literal)]
    return list(dict.fromkeys(text for text in texts if text.lower() != subject.zone.key.lower()))


def _utc_words(subject: Subject, answers: Answers) -> str:
    utc, ours = answers.get(IN_UTC), answers[LAST]
    if utc is None or isinstance(utc, MartsError):
        return ""
    if is_same(utc, ours):
        return " Days cut in UTC would say the same."
    far = apart(given(utc), given(ours))
    return f" With days cut in UTC and not in {subject.zone.key} it would say {said(utc)}{f' ({far})' if far else ''}."


def _in_utc(subject: Subject, instant: datetime) -> str | None:
    """The query with every instant shown by UTC's clock; None where it cannot be written, or names zones itself."""
    if tree_of(subject.parsed).find(exp.AtTimeZone) is not None or "timezone" in subject.parsed.canonical.lower():
        return None

    def rows(name: str) -> str | None:
        table = subject.tables[name]
        zoned = [identifier(c.name) for c in table.columns if is_time(c) and "TIME ZONE" in c.type]
        if not zoned:
            return None
        shown = ", ".join(f"timezone('UTC', {column}) AS {column}" for column in zoned)
        return f"SELECT * REPLACE ({shown}) FROM {identifier(table.schema)}.{identifier(table.name)}"  # noqa: S608

    try:
        pinned = subject.parsed.pinned(instant, ZoneInfo("UTC"))
        return over(subject.parsed, pinned, rows, partial(_clocks_in_utc, zone=subject.zone))
    except CannotRewrite:
        return None


def _clocks_in_utc(tree: exp.Expr, zone: ZoneInfo) -> None:
    """Constants of instants become what UTC's clock shows, so that they meet columns which show the same."""
    for cast in tree.find_all(exp.Cast):
        if not cast.to.is_type("timestamptz"):
            continue
        cast.set("to", exp.DataType.build("timestamp"))
        if isinstance(cast.this, exp.Literal) and cast.this.is_string:
            try:
                written = datetime.fromisoformat(cast.this.name)
            except ValueError:
                continue
            aware = written if written.tzinfo else written.replace(tzinfo=zone)
            cast.this.set("this", aware.astimezone(UTC).replace(tzinfo=None).isoformat(" "))
