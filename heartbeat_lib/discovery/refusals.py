"""Why something cannot be done with a candidate as it stands, and the one door to running a draft's SQL.

The surprise: `aligned_candidate` only reads. That no draft is kept for a story nobody agreed to is held by the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from heartbeat_lib.discovery.candidate import Candidate, CandidateError, CandidateStage, candidate, day_of
from heartbeat_lib.discovery.parking import landed
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench


class IdTakenError(CandidateError):
    """The id is none, or belongs to a metric or to another candidate."""


class NotAlignedError(CandidateError):
    """There is no story that somebody agreed to as it reads now, so no SQL runs."""


class AgreedAlreadyError(CandidateError):
    """Somebody agreed to this very story before."""


class StoryChangedError(CandidateError):
    """The story was written anew while its draft was made."""


class FaultyTextError(CandidateError):
    """A remark, note, name or address that cannot be kept."""


def aligned_candidate(workbench: Workbench, candidate_id: str) -> Candidate:
    """The door that every run of draft SQL passes first: the candidate, if somebody agreed to its story as it reads now.

    Raises
    ------
    NotAlignedError
        A story or an agreement is missing, the story changed since, what it waits for has not landed, or it is dropped or
        promoted; with what to do.
    NoSuchCandidateError
        There is none of this id.
    """
    known = candidate(workbench, candidate_id)
    if (why := _over(workbench, known)) is not None:
        raise NotAlignedError(f"{why} No SQL runs.")
    if missing := landed(workbench, [known])[candidate_id].missing:
        raise NotAlignedError(
            f"{candidate_id} is parked: it waits for {', '.join(missing)}. No SQL runs before they are loaded. "
            "Where another source does, write its story with waits_for = [] (and why, as source_note)."
        )
    if known.story is None:
        raise NotAlignedError(
            f"{candidate_id} has no story yet, and no SQL runs before one is agreed: "
            f"heartbeat candidate story {candidate_id} --file F"
        )
    if known.alignment is None:
        raise NotAlignedError(
            f"{_nobody_agreed(workbench, candidate_id)} No SQL runs before somebody does: "
            f"heartbeat candidate align {candidate_id} --by MAIL --remark TEXT"
        )
    return known


def refuse_metric_id(workbench: Workbench, candidate_id: str, *, connection: psycopg.Connection[Any] | None = None) -> None:
    """Raise IdTakenError where a living or a retired metric has this id."""
    with translated("Looking for the id"), workbench.store.using(connection, Role.READER) as reader:
        row = reader.execute(_sql("taken"), {"metric_id": candidate_id}).fetchone()
    if row is None:
        return
    name, retired_at, retired_by, reason = row
    if retired_at is None:
        raise IdTakenError(
            f"{candidate_id} is a living metric, {name!r}: heartbeat show {candidate_id}. Change its file, or choose another id."
        )
    why = f": {reason}" if reason else ""
    raise IdTakenError(
        f"{candidate_id} was a metric, {name!r}, retired on {_day(workbench, retired_at)} by {retired_by}{why}. "
        "Its history is kept for ever, and two meanings under one id could not be told apart; choose another id."
    )


def taken(workbench: Workbench, known: Candidate) -> str:
    """Why an id cannot be opened: it is this candidate's."""
    if known.stage is CandidateStage.PROMOTED:
        return f"{known.candidate_id} has become {known.promoted_file} already; change that file, or choose another id."
    return (
        f"{known.candidate_id} is a candidate already, opened by {known.opened_by} on {_day(workbench, known.opened_at)}: "
        f"heartbeat candidate show {known.candidate_id}"
    )


def _over(workbench: Workbench, known: Candidate) -> str | None:
    if known.stage is CandidateStage.PROMOTED and known.promoted_at is not None:
        return (
            f"{known.candidate_id} became {known.promoted_file} on {_day(workbench, known.promoted_at)}: change that file, "
            f"and try it: heartbeat try {known.candidate_id}."
        )
    if known.dropped_at is not None:
        why = f" ({known.dropped_why})" if known.dropped_why else ""
        return (
            f"{known.candidate_id} was dropped by {known.changed_by} on {_day(workbench, known.dropped_at)}{why}. "
            f"Take it up again: heartbeat candidate new {known.candidate_id}."
        )
    return None


def refuse_over(workbench: Workbench, known: Candidate, therefore: str) -> None:
    """Raise CandidateError where it is promoted or dropped; `therefore` says what was left alone."""
    if (why := _over(workbench, known)) is not None:
        raise CandidateError(f"{why} As it stands, {therefore}.")


def _nobody_agreed(workbench: Workbench, candidate_id: str) -> str:
    with translated("Reading agreements"), workbench.store.connect(Role.READER) as connection:
        last = connection.execute(_sql("last_agreement"), {"candidate_id": candidate_id}).fetchone()
    if last is None:
        return f"Nobody has agreed to the story of {candidate_id}."
    return f"The story of {candidate_id} changed since {last[0]} agreed to it on {_day(workbench, last[1])}."


def written_anew(workbench: Workbench, known: Candidate, while_: str) -> str:
    """That somebody changed it while something else went on."""
    return (
        f"{known.changed_by} changed {known.candidate_id} on {_day(workbench, known.changed_at)} while {while_}. "
        f"Nothing was kept; look at it as it reads now: heartbeat candidate show {known.candidate_id}"
    )


def _day(workbench: Workbench, instant: datetime) -> str:
    return day_of(instant, workbench.workspace.zone)


def _sql(name: str) -> Any:
    return load_sql(__package__ or "", name)
