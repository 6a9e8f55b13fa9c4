"""One candidate as the day's report tells it: Markdown and a small picture. Nothing is read or written here.

Every value that the template shows is escaped, whatever it is; only what is `_Raw` is Markdown already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from heartbeat_lib.discovery.candidate import Candidate, CandidateStage, day_of
from heartbeat_lib.model.display import number
from heartbeat_lib.model.markdown import escaped, fenced
from heartbeat_lib.model.picture import sparkline_of, svg
from heartbeat_lib.model.verdict import SIGNS, Verdict

if TYPE_CHECKING:
    import jinja2

MARKER = re.compile(r"^(?=<!-- (?:candidate|end): )", re.MULTILINE)
"""Where a line would be read as the beginning or end of an entry."""
_STORY = {
    "period": "Period",
    "job": "Whose job, which question",
    "red_means": "What red means",
    "amount": "How much money",
    "amount_basis": "Where that amount comes from",
    "who_acts": "Who acts on red",
    "threshold_source": "Where thresholds would come from",
}


class _Raw(str):
    """Text that is Markdown already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The past of a draft: an SVG that stands alone, and in words what it shows."""

    svg: str
    words: str


def entry_text(candidate: Candidate, *, zone: ZoneInfo, picture: Picture | None, picture_file: str) -> str:
    """The entry from its first marker to its last, without a line's end after it.

    Parameters
    ----------
    picture
        As `picture_of` gives it.
    picture_file
        Where the picture lies, relative to the report.
    """
    draft = candidate.present_draft
    title = candidate.candidate_id if candidate.story is None else f"{candidate.story.name} ({candidate.candidate_id})"
    return _template().render(
        candidate=candidate,
        title=title,
        stands=" ".join(_stands(candidate, zone)),
        facts=list(_facts(candidate, zone)),
        meanings=sorted(candidate.column_meanings.items()),
        draft=None if draft is None else _draft(draft, zone),
        picture=None if picture is None else {"file": picture_file, "words": picture.words},
    )


def picture_of(candidate: Candidate) -> Picture | None:
    """The past of its present draft; None where there is none, or no value in it."""
    draft = candidate.present_draft or {}
    past: Sequence[Mapping[str, Any]] = draft.get("past") or []
    values = [period["value"] for period in past]
    known = [value for value in values if value is not None]
    if not known:
        return None
    drawn = svg(sparkline_of(values), status="grey", width=720, height=140)
    alone = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff;color:#14181d" ', 1)
    words = (
        f"{len(past)} periods from {past[0]['period_start']} to {past[-1]['period_start']}, as of then: "
        f"least {number(min(known))}, greatest {number(max(known))}, last {number(values[-1])}"
    )
    missing = len(values) - len(known)
    return Picture(svg=alone, words=f"{words}; {missing} without a value" if missing else words)


def _stands(candidate: Candidate, zone: ZoneInfo) -> Iterator[str]:
    yield f"Opened by {candidate.opened_by} on {day_of(candidate.opened_at, zone)}."
    match candidate.stage:
        case CandidateStage.PROMOTED:
            yield f"It has become {candidate.promoted_file}."
        case CandidateStage.DROPPED:
            yield f"Dropped by {candidate.changed_by}: {candidate.dropped_why or 'nobody said why'}."
        case CandidateStage.PARKED:
            yield f"Parked: it waits for {', '.join(candidate.waits_for)}."
        case CandidateStage.STORY:
            yield "Nobody has agreed to its story as it reads now."
        case _:
            pass
    if candidate.draft is not None and candidate.present_draft is None:
        yield "A draft was made for an earlier story; it counts for nothing until this one is agreed and drafted anew."


def _facts(candidate: Candidate, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if candidate.topic:
        yield "Topic", candidate.topic
    if candidate.story is not None:
        for name, label in _STORY.items():
            yield label, getattr(candidate.story, name)
    if (agreed := candidate.alignment) is not None:
        yield "Agreed", f"by {agreed.agreed_by} on {day_of(agreed.at, zone)}: {agreed.remark}"
    if candidate.source_note:
        yield "Why this source", candidate.source_note


def _draft(draft: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "facts": list(_draft_facts(draft, zone)),
        "sql": _Raw(MARKER.sub(" ", fenced(str(draft.get("value_sql", "")).strip("\n"), "sql"))),
        "checks": [{**check, "sign": SIGNS.get(Verdict(check["verdict"]), "")} for check in draft.get("checks") or ()],
        "likenesses": draft.get("duplicates") or (),
    }


def _draft_facts(draft: Mapping[str, Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "Value", number(draft.get("value"))
    if draft.get("as_of"):
        yield "As of", f"{datetime.fromisoformat(str(draft['as_of'])).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    if draft.get("elapsed_ms") is not None:
        yield "Took", f"{number(draft['elapsed_ms'])} ms"
    yield "Tables read", ", ".join(draft.get("tables") or ()) or "none"
    if draft.get("code"):
        yield "Code", draft["code"]


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heartbeat_lib.discovery"),
        finalize=lambda value: value if isinstance(value, _Raw) else escaped(str(value)),
        autoescape=False,  # for HTML; Markdown is escaped by `finalize`
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("entry.md.j2")
