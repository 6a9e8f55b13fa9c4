"""Division by zero: what the SQL divides by, whether each divisor is guarded, and whether it ever was zero.

An infinite number is no number: the tile would be grey that day. So it is looked for in the tree, as of a time without rows, and
in the 90 periods.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from heartbeat_lib.discovery.check_empty import EMPTY
from heartbeat_lib.discovery.subject import Answers, Check, Subject, why
from heartbeat_lib.marts import MartsError
from heartbeat_lib.model.anatomy.reading_sql import bare, number_of
from heartbeat_lib.model.anatomy.tree import tree_of
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import counted

NAME = "division by zero"
_HARMLESS = (exp.Cast, exp.Round, exp.Abs, exp.Alias)


def examine(subject: Subject, answers: Answers) -> Check:
    """Judge by the tree and by what was answered."""
    divisors = list(_divisors(tree_of(subject.parsed)))
    open_ones = list(dict.fromkeys(_shown(subject, node) for node in divisors if not _is_guarded(node)))
    periods = range(len(subject.periods)) if subject.parsed.has_clock else ()
    infinite = [at for at in periods if _is_division(answers[subject.tag(at)])]
    by = f"It divides by {', '.join(open_ones)} without a guard; write nullif(…, 0)." if open_ones else ""
    if infinite:
        error = answers[subject.tag(infinite[-1])]
        zeros = counted(len(infinite), "period")
        what = f"{zeros} of {len(periods)} divide by zero, the last {subject.period_words(infinite[-1])}"
        return Check(name=NAME, verdict=Verdict.FAILS, evidence=f"{what}: {why(error)} {by}".strip())
    if _is_division(answers.get(EMPTY)):
        what = "As of 1 Jan 1900, before any row, it divides by zero: the first day without rows would have no number."
        return Check(name=NAME, verdict=Verdict.FAILS, evidence=f"{what} {why(answers[EMPTY])} {by}".strip())
    tried = f"In {len(periods)} periods and as of a time without rows" if periods else "Today"
    if open_ones:
        return Check(name=NAME, verdict=Verdict.DOUBTFUL, evidence=f"{by} {tried} none of it was zero.")
    if divisors:
        names = ", ".join(dict.fromkeys(_shown(subject, node) for node in divisors))
        return Check(
            name=NAME, verdict=Verdict.HOLDS, evidence=f"Each divisor is guarded: {names}. {tried} nothing was infinite."
        )
    return Check(
        name=NAME, verdict=Verdict.HOLDS, evidence=f"It divides by nothing that could be zero. {tried} nothing was infinite."
    )


def _divisors(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What stands below a line of division and is no number other than zero."""
    for node in tree.find_all(exp.Div, exp.IntDiv, exp.Mod):
        number = number_of(node.expression)
        if number is None or number == 0:
            yield node.expression


def _is_guarded(divisor: exp.Expr) -> bool:
    """NULL instead of zero, at least some number, or asked for before: CASE, HAVING."""
    node = bare(divisor)
    while isinstance(node, _HARMLESS):
        node = bare(node.this)
    if isinstance(node, exp.Nullif):
        return number_of(node.expression) == 0
    if isinstance(node, exp.Greatest):
        return any((number_of(part) or 0) > 0 for part in (node.this, *node.expressions))
    if isinstance(node, exp.Mul | exp.Div | exp.IntDiv):
        sides = (node.this, node.expression) if isinstance(node, exp.Mul) else (node.this,)
        return all(number_of(side) not in (None, 0) or _is_guarded(side) for side in sides)
    words = node.sql(comments=False)
    return any(words in condition.sql(comments=False) for condition in _asked_before(divisor))


def _asked_before(node: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions under which a part of a query is worked out."""
    inner, outer = node, node.parent
    while outer is not None:
        if isinstance(outer, exp.If) and outer.args.get("true") is inner:
            yield outer.this
        if isinstance(outer, exp.Select):
            for clause in ("where", "having"):
                if (held := outer.args.get(clause)) is not None and held is not inner:
                    yield held.this
        inner, outer = outer, outer.parent


def _shown(subject: Subject, node: exp.Expr) -> str:
    text = bare(node).sql(subject.parsed.dialect.name, comments=False, normalize_functions=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_division(answer: object) -> bool:
    return isinstance(answer, MartsError) and (answer.reason == "not_finite" or "division by zero" in str(answer).lower())
