"""A candidate: one metric under discovery, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from heartbeat_lib.discovery.story import Story


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
