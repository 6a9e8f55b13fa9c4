"""Layer 5, red and action: does red mean something, does somebody act on it, and where do its thresholds come from?

The texts are read with the vocabulary of `stakes`; where nothing of the kind is found the point is doubtful and a person has to
look. A threshold whose basis names only the data is doubtful: it would move with the mistake that it should catch. Colours are
counted over the last 90 judged periods of the present meaning by the thresholds in force: one that is always red or amber tells
nobody anything. Never red is told and holds: a good smoke detector is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from heartbeat_lib.audit.case import Case, select
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, broken_layer, layer_of
from heartbeat_lib.audit.stakes import Origin, cost_of_red, origin, who_acts
from heartbeat_lib.audit.wording import counted, digits
from heartbeat_lib.model.display import number
from heartbeat_lib.model.metric import Direction
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import StoreError

PERIODS = 90
_LEAST = 7
"""Judged periods below which nothing is said about how often it was red; as for a band."""


def examine(case: Case) -> Layer:
    """Direction, what red costs, who acts, where each threshold comes from, and how often it was amber and red."""
    norm, alert = case.metric["norm_value"], case.metric["alert_value"]
    if norm is None and alert is None:
        said = "It has no thresholds, so it is never amber or red and nobody is asked to act."
        return layer_of(LayerName.ACTION, [], nothing=said)
    try:
        (colours,) = select(case, "colours", metric_id=case.metric_id, as_of=case.as_of, periods=PERIODS)
    except StoreError as error:
        return broken_layer(LayerName.ACTION, str(error))
    actor, often = _actor(case), _frequency(colours)
    points = [_direction(case), _cost(case), actor, *_thresholds(case, norm, alert), often]
    table = Table(
        title=f"Colours of the last {sum(colours.values())} judged periods, by the thresholds in force",
        columns=("Colour", "Periods"),
        rows=tuple((colour, f"{count:,}") for colour, count in colours.items()),
        note="Grey is a period without a value, or of a stale source.",
    )
    return layer_of(LayerName.ACTION, points, nothing="", held=f"{actor.found} {often.found}", tables=[table])


def _direction(case: Case) -> Point:
    match case.metric["direction"]:
        case Direction.HIGHER_IS_WORSE:
            return Point(verdict=Verdict.HOLDS, what="Direction", found="Higher is worse.")
        case Direction.LOWER_IS_WORSE:
            return Point(verdict=Verdict.HOLDS, what="Direction", found="Lower is worse.")
        case _:
            return Point(verdict=Verdict.DOUBTFUL, what="Direction", found="Nobody said which way is worse.")


def _cost(case: Case) -> Point:
    found = cost_of_red(*_texts(case))
    if found is None:
        said = "No text says what red costs or risks: in money, for customers, before the law."
        return Point(verdict=Verdict.DOUBTFUL, what="What red costs", found=said)
    return Point(verdict=Verdict.HOLDS, what="What red costs", found=f"“{found}”")


def _actor(case: Case) -> Point:
    found = who_acts(*_texts(case))
    if found is None:
        return Point(verdict=Verdict.DOUBTFUL, what="Who acts", found="No text says who does what when it is red.")
    return Point(verdict=Verdict.HOLDS, what="Who acts", found=f"“{found}”")


def _texts(case: Case) -> tuple[list[str | None], list[str | None]]:
    metric = case.metric
    return [metric["how_to_read"], metric["notes"]], [metric["methodology"], metric["description"]]


def _thresholds(case: Case, norm: Decimal | None, alert: Decimal | None) -> Iterator[Point]:
    """Where each comes from. The two have one basis, so what it says is told of both."""
    basis, unit = (case.metric["threshold_basis"] or "").strip(), case.metric["unit"]
    for colour, value in (("amber", norm), ("red", alert)):
        if value is None:
            continue
        what = f"Basis of {colour}"
        at = number(value, unit)
        if not basis:
            yield Point(verdict=Verdict.DOUBTFUL, what=what, found=f"Nobody said where {colour} at {at} comes from.")
            continue
        match origin(basis):
            case Origin.OUTSIDE:
                yield Point(verdict=Verdict.HOLDS, what=what, found=f"Of {colour} at {at} it is said: “{basis}”")
            case Origin.DATA:
                said = f"{colour.capitalize()} at {at} comes from the data alone (“{basis}”), so it moves with their mistakes."
                yield Point(verdict=Verdict.DOUBTFUL, what=what, found=said)
            case Origin.UNKNOWN:
                said = f"Of {colour} at {at} it is said: “{basis}”; whether that lies outside the data a person has to judge."
                yield Point(verdict=Verdict.NOT_EXAMINED, what=what, found=said)


def _frequency(colours: dict[str, int]) -> Point:
    what = "How often"
    judged = colours["green"] + colours["amber"] + colours["red"]
    if judged < _LEAST:
        said = f"Only {counted(judged, 'period')} could be judged; from {digits(_LEAST)} on it is said how often it was red."
        return Point(verdict=Verdict.NOT_EXAMINED, what=what, found=said)
    told = f"Of the last {counted(judged, 'judged period')} {colours['amber']:,} were amber and {colours['red']:,} red"
    if colours["red"] == judged:
        return Point(verdict=Verdict.DOUBTFUL, what=what, found=f"{told}: it is always red, and tells nobody anything.")
    if colours["amber"] == judged:
        return Point(verdict=Verdict.DOUBTFUL, what=what, found=f"{told}: it is always amber, and tells nobody anything.")
    if not colours["green"]:
        return Point(verdict=Verdict.DOUBTFUL, what=what, found=f"{told}: it was never green.")
    never = "" if colours["red"] else ": it was never red"
    return Point(verdict=Verdict.HOLDS, what=what, found=f"{told}{never}.")
