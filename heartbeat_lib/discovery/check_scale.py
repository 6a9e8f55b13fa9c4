"""Scale: the number against a second, rough count that a person typed in.

Within a fifth of it holds, within three times is doubtful, beyond fails. The factor often says what went wrong: a hundred is
percent or share, sixty minutes or hours, two a row joined twice.
"""

from __future__ import annotations

from decimal import Decimal

from heartbeat_lib.discovery.subject import Answers, Check, Subject, given, said
from heartbeat_lib.model.display import number
from heartbeat_lib.model.figures import exactly
from heartbeat_lib.model.verdict import Verdict

NAME = "scale"
_NEAR, _FAR = Decimal("1.2"), 3
_HINTS = (
    (2, "are rows joined twice, or is half of them left out?"),
    (7, "a day or a week?"),
    (12, "a month or a year?"),
    (24, "hours or days?"),
    (30, "a day or a month?"),
    (60, "seconds, minutes or hours?"),
    (90, "a day or a quarter?"),
    (100, "percent or share, cents or whole money?"),
    (365, "a day or a year?"),
    (1000, "thousands, or thousandths such as milliseconds?"),
    (3600, "seconds or hours?"),
    (86_400, "seconds or days?"),
    (1_000_000, "millions?"),
)
_HINT_NEAR = Decimal("1.15")


def examine(subject: Subject, answers: Answers, rough: Decimal | None, source: str | None) -> Check:
    """Compare, and name what the factor looks like.

    Parameters
    ----------
    rough
        In the metric's unit; None: nobody counted.
    source
        Where that count comes from, in the analyst's words.
    """
    last = len(subject.periods) - 1
    value = given(answers[subject.tag(last)])
    if rough is None:
        return Check(
            name=NAME,
            verdict=Verdict.NOT_EXAMINED,
            evidence=f"It says {number(value)}, and nobody counted by another road. Type in a rough count: from a report, a "
            "screen of the application, somebody's memory (--rough N --rough-source TEXT).",
        )
    origin = f" ({source.strip()})" if source and source.strip() else ""
    told = f"It says {said(answers[subject.tag(last)])}, the rough count{origin} {number(rough)}"
    if value is None:
        return Check(name=NAME, verdict=Verdict.FAILS, evidence=f"{told}.")
    verdict, why = _judged(exactly(value), rough)
    if verdict is not Verdict.HOLDS and subject.parsed.has_clock:
        whole = given(answers[subject.tag(last - 1)])
        if whole is not None and _judged(exactly(whole), rough)[0] is Verdict.HOLDS:
            verdict = Verdict.DOUBTFUL
            before = f"{subject.period_words(last - 1)}, says {number(whole)}"
            why = f"{why} The period before, {before}: is the count of a whole period?"
    return Check(name=NAME, verdict=verdict, evidence=f"{told}: {why}")


def _judged(value: Decimal, rough: Decimal) -> tuple[Verdict, str]:
    if value == rough:
        return Verdict.HOLDS, "the same."
    if not value or not rough:
        return Verdict.FAILS, "one of the two is nothing."
    if (value < 0) != (rough < 0):
        return Verdict.FAILS, "the signs differ."
    factor = max(abs(value / rough), abs(rough / value))
    side = "as much" if abs(value) > abs(rough) else "of it"
    if factor <= _NEAR:
        return Verdict.HOLDS, f"{100 * (value - rough) / abs(rough):+.2g} %, within a fifth."
    ratio = abs(value / rough)
    shown = f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"
    times = f"{shown} times {side}" if ratio >= 1 else f"1/{shown} {side}"
    near, size, words = min((max(factor / size, size / factor), size, words) for size, words in _HINTS)
    hint = f" About {size:,} {'times' if ratio > 1 else 'times less'}: {words}" if near <= _HINT_NEAR else ""
    verdict = Verdict.DOUBTFUL if factor <= _FAR else Verdict.FAILS
    return verdict, f"{times}.{hint}"
