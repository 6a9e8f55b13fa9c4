"""What changes a candidate: each verb alone, in one transaction, followed by its entry in the day's report.

Two people at once come one after the other, and the second is judged by what the first left. Every verb takes `by`, who does it
(None: the operator), and `on`, the report's day (None: today in the workspace's zone).

The surprise: an entry that cannot be written refuses the change before the store is touched. See `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from heartbeat_lib.discovery import report
from heartbeat_lib.discovery.candidate import Candidate, CandidateStage, candidate, day_of, shown_id
from heartbeat_lib.discovery.refusals import (
    AgreedAlreadyError,
    FaultyTextError,
    IdTakenError,
    NotAlignedError,
    StoryChangedError,
    refuse_metric_id,
    refuse_over,
    taken,
    written_anew,
)
from heartbeat_lib.discovery.story import column_meanings, plain_text, story_file_of, story_hash, tables_waited_for
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.model.metric import METRIC_ID
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench


def open_candidate(
    workbench: Workbench, candidate_id: str, *, topic: str | None = None, by: str | None = None, on: date | None = None
) -> Candidate:
    """A new candidate, or a dropped one taken up again.

    Raises
    ------
    IdTakenError
        The id has no id's form, or belongs to a living or retired metric or to a candidate that is open or promoted.
    """
    if not METRIC_ID.fullmatch(candidate_id):
        raise IdTakenError(
            f"{shown_id(candidate_id)} is no metric's id: those are 3 to 63 lower-case letters, digits and underscores, a letter "
            "first. A candidate has the id that its metric is to have."
        )
    said = None if topic is None else _text("the topic", topic)
    who = by or workbench.workspace.settings.operator

    def opened(connection: psycopg.Connection[Any]) -> None:
        refuse_metric_id(workbench, candidate_id, connection=connection)
        made = connection.execute(_sql("open"), {"candidate_id": candidate_id, "topic": said, "by": who}).fetchone()
        if made is not None:
            return
        known = _held(workbench, connection, candidate_id)
        if known.stage is not CandidateStage.DROPPED:
            raise IdTakenError(taken(workbench, known))
        _write(connection, replace(known, topic=said or known.topic, dropped_at=None, dropped_why=None), who)

    return _done(workbench, candidate_id, on, opened)


def write_story(
    workbench: Workbench, candidate_id: str, fields: Mapping[str, Any], *, by: str | None = None, on: date | None = None
) -> Candidate:
    """Write the story, as a story file tells it, in the place of the one before; one that reads otherwise needs agreement again.

    What the file says beside the story is kept too; what it does not name stays as it was.

    Raises
    ------
    StoryRefused
        With every faulty key.
    CandidateError
        There is no such candidate, or it is dropped or promoted.
    """
    file = story_file_of(fields)

    def written(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "its story stays as it is")
        return replace(
            known,
            story=file.story,
            story_hash=story_hash(file.story),
            topic=file.topic or known.topic,
            column_meanings=_merged(known.column_meanings, file.columns or {}),
            source_note=file.source_note or known.source_note,
            waits_for=known.waits_for if file.waits_for is None else file.waits_for,
        )

    return _changed(workbench, candidate_id, written, by, on)


def align(
    workbench: Workbench, candidate_id: str, *, agreed_by: str, remark: str, by: str | None = None, on: date | None = None
) -> Candidate:
    """Keep that somebody agreed to the story as it reads now.

    Parameters
    ----------
    agreed_by
        A plain mail address.

    Raises
    ------
    NotAlignedError
        There is no story to agree to.
    AgreedAlreadyError
        Somebody agreed to this very story; the message says who and when.
    CandidateError
        There is no such candidate, it is dropped or promoted, or address or remark cannot be kept.
    """
    said = _text("the remark", remark)
    who = by or workbench.workspace.settings.operator

    def agreed(connection: psycopg.Connection[Any]) -> None:
        known = _held(workbench, connection, candidate_id)
        refuse_over(workbench, known, "there is nothing to agree to")
        if known.story is None:
            raise NotAlignedError(
                f"{candidate_id} has no story yet, so there is nothing to agree to. Write it first: "
                f"heartbeat candidate story {candidate_id} --file F"
            )
        if known.alignment is not None:
            on_day = day_of(known.alignment.at, workbench.workspace.zone)
            raise AgreedAlreadyError(
                f"{known.alignment.agreed_by} agreed to this very story on {on_day}: {known.alignment.remark}"
            )
        address = {"address": agreed_by.replace("\0", " ")}
        if not connection.execute(_sql("is_address"), address).fetchall()[0][0]:
            raise FaultyTextError(f"{agreed_by!r} is no plain mail address, such as olga@bank.example; say who agreed.")
        values = {
            "candidate_id": candidate_id,
            "story_hash": known.story_hash,
            "story": json_text(asdict(known.story)),
            "agreed_by": agreed_by,
            "remark": said,
            "by": who,
        }
        connection.execute(_sql("agree"), values)
        _write(connection, known, who)

    return _done(workbench, _known_id(workbench, candidate_id), on, agreed)


def describe_columns(
    workbench: Workbench, candidate_id: str, meanings: Mapping[str, str], *, by: str | None = None, on: date | None = None
) -> Candidate:
    """Keep what columns are taken to mean, beside what was kept before.

    Parameters
    ----------
    meanings
        `schema.table.column` -> what the analyst takes it to mean; "" takes a meaning back.
    """
    try:
        said = column_meanings(meanings)
    except ValueError as fault:
        raise FaultyTextError(f"The meanings were not kept: {fault}.") from None

    def described(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "its columns stay as they are described")
        return replace(known, column_meanings=_merged(known.column_meanings, said))

    return _changed(workbench, candidate_id, described, by, on)


def park(
    workbench: Workbench,
    candidate_id: str,
    waits_for: Iterable[str],
    *,
    note: str | None = None,
    by: str | None = None,
    on: date | None = None,
) -> Candidate:
    """Let it wait for tables (`schema.table`) that have to land; `note` says why a surrogate will not, or has to, do."""
    try:
        tables = tables_waited_for(list(waits_for))
    except ValueError as fault:
        raise FaultyTextError(f"{candidate_id} was not parked: {fault}.") from None
    if not tables:
        raise FaultyTextError(f"{candidate_id} was not parked: name the tables that it waits for.")
    said = None if note is None else _text("the note", note)

    def parked(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "it waits for nothing")
        return replace(known, waits_for=tables, source_note=said or known.source_note)

    return _changed(workbench, candidate_id, parked, by, on)


def unpark(workbench: Workbench, candidate_id: str, *, by: str | None = None, on: date | None = None) -> Candidate:
    """Let it wait no longer."""

    def unparked(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "it waits for nothing")
        return replace(known, waits_for=())

    return _changed(workbench, candidate_id, unparked, by, on)


def drop(
    workbench: Workbench, candidate_id: str, *, why: str | None = None, by: str | None = None, on: date | None = None
) -> Candidate:
    """Let it go; everything about it is kept, and `open_candidate` takes it up again."""
    said = None if why is None else _text("the reason", why)

    def dropped(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "there is nothing to drop")
        return replace(known, dropped_at=datetime.now(UTC), dropped_why=said)

    return _changed(workbench, candidate_id, dropped, by, on)


def mark_promoted(
    workbench: Workbench, made: Candidate, file: str, *, by: str | None = None, on: date | None = None
) -> Candidate:
    """Keep that it has become a metric file.

    Parameters
    ----------
    made
        The candidate that the file was made of.
    file
        The file's path, relative to the workspace.

    Raises
    ------
    StoryChangedError
        Story or draft are others by now.
    """

    def promoted(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "it is not promoted again")
        if (known.story_hash, known.draft) != (made.story_hash, made.draft):
            raise StoryChangedError(written_anew(workbench, known, "the file was written"))
        return replace(known, promoted_at=datetime.now(UTC), promoted_file=file)

    return _changed(workbench, made.candidate_id, promoted, by, on)


def keep_draft(
    workbench: Workbench, aligned: Candidate, draft: Mapping[str, Any], *, by: str | None = None, on: date | None = None
) -> Candidate:
    """Keep what a draft gave, in the place of the one before; it waits for nothing any more.

    Parameters
    ----------
    aligned
        As `aligned_candidate` gave it before the SQL ran.
    draft
        As `Draft.json()` gives it.

    Raises
    ------
    StoryChangedError
        Somebody wrote the story anew meanwhile.
    """

    def drafted(known: Candidate) -> Candidate:
        refuse_over(workbench, known, "no draft is kept")
        if known.story_hash != aligned.story_hash:
            raise StoryChangedError(written_anew(workbench, known, "its SQL ran"))
        return replace(known, draft=draft, draft_story=known.story_hash, waits_for=())

    return _changed(workbench, aligned.candidate_id, drafted, by, on)


def _changed(
    workbench: Workbench,
    candidate_id: str,
    change: Callable[[Candidate], Candidate],
    by: str | None,
    on: date | None,
) -> Candidate:
    """One change: `change` gives the candidate as it is to be, or raises a CandidateError."""
    who = by or workbench.workspace.settings.operator

    def written(connection: psycopg.Connection[Any]) -> None:
        _write(connection, change(_held(workbench, connection, candidate_id)), who)

    return _done(workbench, _known_id(workbench, candidate_id), on, written)


def _done(
    workbench: Workbench, candidate_id: str, on: date | None, change: Callable[[psycopg.Connection[Any]], None]
) -> Candidate:
    """A change in one transaction of the operator's, and then its entry."""
    with (
        report.told(workbench, candidate_id, on),
        translated(f"Changing the candidate {candidate_id}"),
        workbench.store.connect(Role.OPERATOR) as connection,
    ):
        change(connection)
    return candidate(workbench, candidate_id)


def _known_id(workbench: Workbench, candidate_id: str) -> str:
    """The id, if there is such a candidate: nothing else may become part of a path."""
    return candidate(workbench, candidate_id).candidate_id


def _held(workbench: Workbench, connection: psycopg.Connection[Any], candidate_id: str) -> Candidate:
    """The candidate as it stands, held until the end of the transaction."""
    connection.execute(_sql("hold"), {"candidate_id": candidate_id})
    return candidate(workbench, candidate_id, connection=connection)


def _write(connection: psycopg.Connection[Any], changed: Candidate, by: str) -> None:
    values = {
        "candidate_id": changed.candidate_id,
        "topic": changed.topic,
        "by": by,
        "story": None if changed.story is None else json_text(asdict(changed.story)),
        "story_hash": changed.story_hash,
        "column_meanings": json_text(dict(changed.column_meanings)),
        "source_note": changed.source_note,
        "waits_for": list(changed.waits_for),
        "draft": None if changed.draft is None else json_text(dict(changed.draft)),
        "draft_story": changed.draft_story,
        "promoted_at": changed.promoted_at,
        "promoted_file": changed.promoted_file,
        "dropped_at": changed.dropped_at,
        "dropped_why": changed.dropped_why,
    }
    connection.execute(_sql("change"), values)


def _merged(known: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    return {column: meaning for column, meaning in {**known, **said}.items() if meaning}


def _text(what: str, text: str) -> str:
    try:
        return plain_text(text)
    except ValueError as fault:
        raise FaultyTextError(f"Nothing was kept: {what} is not good: {fault}.") from None


def _sql(name: str) -> Any:
    return load_sql(__package__ or "", name)
