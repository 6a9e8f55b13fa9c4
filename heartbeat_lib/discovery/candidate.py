"""A candidate: one metric under discovery, where it stands, and how it is read; `candidates` has what changes one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from heartbeat_lib.discovery.story import Story
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import METRIC_ID
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_LONGEST_SHOWN = 80


class CandidateError(HeartbeatError):
    """Something that cannot be done with a candidate as it stands; nothing was changed."""


class NoSuchCandidateError(CandidateError):
    """No candidate has this id."""


class CandidateStage(StrEnum):
    """How far a candidate has come, each with what leads to it."""

    NEW = "new"
    """It has an id."""
    STORY = "story"
    """Its story is written, and nobody has agreed to it as it reads now."""
    ALIGNED = "aligned"
    """Somebody agreed to the story as it reads now."""
    DRAFTED = "drafted"
    """Its SQL has run, for the story as it reads now."""
    PARKED = "parked"
    """It waits for data that has not landed."""
    PROMOTED = "promoted"
    """It has become a metric file."""
    DROPPED = "dropped"
    """Somebody let it go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Who agreed to a story (an address), when (aware), with what remark, and who wrote that down."""

    agreed_by: str
    at: datetime
    remark: str
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One metric under discovery, as the store has it. Instants are aware.

    Attributes
    ----------
    story, story_hash
        None until one is written.
    alignment
        Of the story as it reads now; None where nobody agreed to that.
    column_meanings
        `schema.table.column` -> what the analyst takes it to mean.
    source_note
        Why a fallback source has to do, or None.
    waits_for
        Tables (`schema.table`) that have to land before there is anything to draft.
    draft
        The last draft as `discovery.draft.Draft.json()` gives it, numbers as Decimal; None without one. `draft_story` is the hash
        of the story that it was made for.
    """

    candidate_id: str
    topic: str | None
    opened_by: str
    opened_at: datetime
    changed_by: str
    changed_at: datetime
    story: Story | None
    story_hash: str | None
    alignment: Alignment | None
    column_meanings: Mapping[str, str]
    source_note: str | None
    waits_for: tuple[str, ...]
    draft: Mapping[str, Any] | None
    draft_story: str | None
    promoted_at: datetime | None
    promoted_file: str | None
    dropped_at: datetime | None
    dropped_why: str | None

    @property
    def stage(self) -> CandidateStage:
        """Where it stands; parked as long as it waits for a table, whether that has landed since is `parking.landed`'s to say."""
        if self.promoted_at is not None:
            return CandidateStage.PROMOTED
        if self.dropped_at is not None:
            return CandidateStage.DROPPED
        if self.waits_for:
            return CandidateStage.PARKED
        if self.draft is not None and self.draft_story == self.story_hash:
            return CandidateStage.DRAFTED
        if self.alignment is not None:
            return CandidateStage.ALIGNED
        return CandidateStage.NEW if self.story is None else CandidateStage.STORY

    @property
    def present_draft(self) -> Mapping[str, Any] | None:
        """The draft that was made for the story as it reads now; None where there is none."""
        return self.draft if self.draft_story == self.story_hash else None

    @property
    def next_step(self) -> str | None:
        """What brings it on, as a sentence with the command; None where nothing is left to do here."""
        of = self.candidate_id
        match self.stage:
            case CandidateStage.NEW:
                return f"write its story: heartbeat candidate story {of} --file F"
            case CandidateStage.STORY:
                return f"have it agreed: heartbeat candidate align {of} --by MAIL --remark TEXT"
            case CandidateStage.ALIGNED:
                return f"draft its SQL: heartbeat candidate draft {of} --sql FILE"
            case CandidateStage.DRAFTED:
                return f"make it a metric file: heartbeat candidate promote {of}"
            case CandidateStage.PARKED:
                return f"it waits for {', '.join(self.waits_for)}; once they are loaded: heartbeat candidate show {of}"
            case CandidateStage.PROMOTED:
                return f"complete {self.promoted_file} and commit it, then: heartbeat deploy"
            case CandidateStage.DROPPED:
                return None

    def json(self, landed: Sequence[str] = ()) -> dict[str, Any]:
        """The candidate under the keys that `--json` promises.

        Parameters
        ----------
        landed
            Which of the tables it waits for have rows now.
        """
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {
            "stage": self.stage,
            "story": None if self.story is None else asdict(self.story),
            "alignment": None if self.alignment is None else asdict(self.alignment),
            "landed": list(landed),
            "next": self.next_step,
        }


def candidates(workbench: Workbench) -> tuple[Candidate, ...]:
    """Every candidate, whatever became of it; the newest change first. Raises StoreError."""
    return _read(workbench, None, None)


def candidate(workbench: Workbench, candidate_id: str, *, connection: psycopg.Connection[Any] | None = None) -> Candidate:
    """One candidate.

    Parameters
    ----------
    connection
        An open one, of anybody who may read; None: one of its own.

    Raises
    ------
    NoSuchCandidateError
        There is none of this id.
    StoreError
        The database cannot be reached.
    """
    # What can be no id reaches nothing: neither the database, which would not take every character, nor a path.
    found = _read(workbench, connection, candidate_id) if METRIC_ID.fullmatch(candidate_id) else ()
    if not found:
        raise NoSuchCandidateError(
            f"There is no candidate {shown_id(candidate_id)}. `heartbeat candidates` shows those that there are; "
            "`heartbeat candidate new ID` opens one."
        )
    return found[0]


def shown_id(candidate_id: str) -> str:
    """Whatever somebody typed for an id, quoted and not too long."""
    return repr(candidate_id if len(candidate_id) <= _LONGEST_SHOWN else candidate_id[:_LONGEST_SHOWN] + "...")


def day_of(instant: datetime, zone: ZoneInfo) -> str:
    """The day of an instant in the workspace's zone, as people read it."""
    return instant.astimezone(zone).date().isoformat()


def _read(workbench: Workbench, connection: psycopg.Connection[Any] | None, candidate_id: str | None) -> tuple[Candidate, ...]:
    with (
        translated("Reading candidates"),
        workbench.store.using(connection, Role.READER) as reader,
        reader.cursor(row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(load_sql(__package__ or "", "candidates"), {"candidate_id": candidate_id}).fetchall()
    return tuple(_candidate(row) for row in rows)


def _candidate(row: dict[str, Any]) -> Candidate:
    alignment = row.pop("alignment")
    draft = row.pop("draft")
    return Candidate(
        **row
        | {
            "story": None if row["story"] is None else Story(**row["story"]),
            "waits_for": tuple(row["waits_for"]),
            "alignment": None if alignment is None else Alignment(**alignment | {"at": datetime.fromisoformat(alignment["at"])}),
            "draft": None if draft is None else json.loads(draft, parse_float=Decimal, parse_int=Decimal),
        }
    )
