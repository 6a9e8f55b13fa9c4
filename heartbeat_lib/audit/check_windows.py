"""Time windows: what the texts claim beside what the SQL takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from heartbeat_lib.audit.claim_windows import Allowed, WindowClaim
from heartbeat_lib.audit.claims import Claims
from heartbeat_lib.audit.evidence import Point
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Condition, Kind
from heartbeat_lib.model.anatomy.spans import Span
from heartbeat_lib.model.verdict import Verdict

WHAT = "Time window"
FIELDS = {
    "methodology": "the methodology",
    "how_to_read": "how to read it",
    "description": "the description",
    "story": "the story",
}


def says(claim: WindowClaim) -> str:
    """Who says it and how, for a sentence."""
    return f"{FIELDS[claim.field]} says “{claim.quoted}”"


def window_points(anatomy: Anatomy, claims: Claims) -> Iterator[Point]:
    """A point for each window of the SQL, and one for each that only a text has."""
    unmet = [claim for claim in claims.windows if claim.firm and not _is_met(claim, anatomy.windows, claims)]
    named = list(unmet)
    for condition in anatomy.windows:
        if not condition.spans:
            found = f"The SQL takes no row at all: the bounds it sets on {condition.columns[0]} exclude each other."
            yield Point(verdict=Verdict.FAILS, what=WHAT, found=found)
            continue
        stray = [span for span in condition.spans if not _is_explained(span, condition.columns[0], claims, anatomy)]
        if not stray:
            yield _held(condition, claims)
            continue
        column, words = condition.columns[0], " or ".join(span.words() for span in stray)
        said = unmet or [claim for claim in claims.windows if claim.firm]
        if said:
            text = " and ".join(dict.fromkeys(f"{says(claim)} ({_meant(claim)})" for claim in said))
            found = f"The SQL takes {column} {words}, but {text}."
            named = []
        else:
            found = f"The SQL takes only {column} {words}, and no text names this window."
        yield Point(verdict=Verdict.DOUBTFUL, what=WHAT, found=found)
    hidden = [found for found in anatomy.conditions if found.asks_clock and found.kind is not Kind.DURATION]
    for claim in named:
        if hidden:
            found = f"{says(claim)}; the SQL has a condition on time that could not be put into words: {hidden[0].words}"
            yield Point(verdict=Verdict.NOT_EXAMINED, what=WHAT, found=found[0].upper() + found[1:])
            continue
        taken = "; ".join(condition.words for condition in anatomy.windows)
        rest = f"it takes {taken}" if taken else "it has no time window"
        found = f"{says(claim)} ({_meant(claim)}), and the SQL has no such window: {rest}."
        yield Point(verdict=Verdict.DOUBTFUL, what=WHAT, found=found[0].upper() + found[1:])


def _held(condition: Condition, claims: Claims) -> Point:
    fitting = [
        claim for claim in claims.windows for allowed in claim.allowed if any(allowed.fits(span) for span in condition.spans)
    ]
    said = "; ".join(dict.fromkeys(says(claim) for claim in fitting)) or "the texts name its parts"
    return Point(verdict=Verdict.HOLDS, what=WHAT, found=f"The SQL takes {condition.words}; {said}.")


def _meant(claim: WindowClaim) -> str:
    return ", ".join(allowed.first.words() for allowed in claim.allowed)


def _is_met(claim: WindowClaim, windows: Sequence[Condition], claims: Claims) -> bool:
    """Whether the SQL has all windows that the words name: alone, as neighbours that make one, or as a part of a larger one."""
    on = [condition for condition in windows if claim.column in (None, condition.columns[0])]
    spans = [span for condition in on for span in condition.spans]
    joined = [both for one, other in permutations(spans, 2) if (both := _together(one, other)) is not None]
    others = [allowed for other in claims.windows for allowed in other.allowed]
    return all(
        any(allowed.fits(span) or _is_part(allowed, span, others) for span in (*spans, *joined)) for allowed in claim.allowed
    )


def _is_part(allowed: Allowed, span: Span, others: Sequence[Allowed]) -> bool:
    """Whether the window is this one and a neighbour that other words claim."""
    pairs = [pair for other in others for pair in ((allowed, other), (other, allowed))]
    return any(first.low_fits(span) and second.high_fits(span) and _are_neighbours(first, second) for first, second in pairs)


def _together(one: Span, other: Span) -> Span | None:
    if one.high and other.low and one.high.moment == other.low.moment and one.high.inclusive != other.low.inclusive:
        return Span(low=one.low, high=other.high)
    return None


def _is_explained(span: Span, column: str, claims: Claims, anatomy: Anatomy) -> bool:
    """Whether some words allow this window: those of one claim, or of two that each speak of one end or of one part."""
    meant = [claim for claim in claims.windows if claim.column in (None, column) or claim.column not in anatomy.columns]
    allowed = [one for claim in meant for one in claim.allowed]
    if any(one.fits(span) for one in allowed):
        return not _open_by_silence(span, allowed)
    return any(
        first.low_fits(span) and second.high_fits(span) and (_only_ends(first, second) or _are_neighbours(first, second))
        for first, second in permutations(allowed, 2)
    )


def _open_by_silence(span: Span, allowed: Sequence[Allowed]) -> bool:
    """Whether an end of the window is one that the fitting words say nothing about and that is there all the same."""
    fitting = [one for one in allowed if one.fits(span)]
    low = span.low is None or any(one.lows is not None for one in fitting)
    high = span.high is None or any(one.highs is not None for one in fitting)
    return not (low and high)


def _only_ends(first: Allowed, second: Allowed) -> bool:
    return first.lows is not None and second.highs is not None and first.highs is None and second.lows is None


def _are_neighbours(first: Allowed, second: Allowed) -> bool:
    ends, starts = first.highs or (), second.lows or ()
    return any(
        end and start and end.moment == start.moment and end.inclusive != start.inclusive for end in ends for start in starts
    )
