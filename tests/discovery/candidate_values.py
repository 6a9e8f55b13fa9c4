"""A drafted candidate as a value, without a store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from heartbeat_lib.discovery.candidate import Alignment, Candidate
from heartbeat_lib.discovery.story import Story, story_hash, story_of
from tests.discovery.stories import STORY, draft_json

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
_DRAFT = draft_json()


def candidate_of(
    *,
    story: Story | None = None,
    draft: Mapping[str, Any] | None = _DRAFT,
    draft_story: str | None = None,
    meanings: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Candidate:
    """Agreed to and drafted; `draft_story` names another story than its own."""
    told = story or story_of(STORY)
    return Candidate(
        candidate_id="late_share",
        topic=None,
        opened_by="ann@x.example",
        opened_at=NOON,
        changed_by="ann@x.example",
        changed_at=NOON,
        story=told,
        story_hash=story_hash(told),
        alignment=Alignment(agreed_by="olga@x.example", at=NOON, remark="Yes.", written_by="ann@x.example"),
        column_meanings=meanings or {},
        source_note=note,
        waits_for=(),
        draft=draft,
        draft_story=None if draft is None else draft_story or story_hash(told),
        promoted_at=None,
        promoted_file=None,
        dropped_at=None,
        dropped_why=None,
    )
