"""Candidates that wait for data: which of their tables have landed since.

A table has landed once it is in the marts and has a row; a view once it is there. Nothing is unparked here: a person looks at
what came, because a table that has arrived may still be the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from heartbeat_lib.discovery.candidate import Candidate, candidates
from heartbeat_lib.marts import MartsUnreachable
from heartbeat_lib.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The tables a candidate waits for: those with rows by now, and those still missing."""

    landed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether it waited, and everything has come."""
        return bool(self.landed) and not self.missing

    def words(self) -> str:
        """One sentence; empty where it waits for nothing."""
        if self.complete:
            return f"What it waited for has landed: {', '.join(self.landed)}."
        if not self.missing:
            return ""
        come = f" ({', '.join(self.landed)} landed)" if self.landed else ""
        return f"It waits for {', '.join(self.missing)}{come}."


def landed(bench: Workbench, waiting_ones: Iterable[Candidate]) -> Mapping[str, Landing]:
    """What has come of the tables that candidates wait for, by id; nothing where nobody loaded anything. Raises MartsError."""
    waiting = {candidate.candidate_id: candidate.waits_for for candidate in waiting_ones}
    there: set[str] = set()
    if any(waiting.values()):
        try:
            there = {f"{table.schema}.{table.name}".lower() for table in bench.marts.tables() if table.rows != 0}
        except MartsUnreachable:
            there = set()
    return {
        candidate_id: Landing(
            landed=tuple(table for table in tables if table.lower() in there),
            missing=tuple(table for table in tables if table.lower() not in there),
        )
        for candidate_id, tables in waiting.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A candidate that is neither promoted nor dropped, with what has landed of what it waits for."""

    candidate: Candidate
    landing: Landing

    def json(self) -> dict[str, Any]:
        """As `heartbeat discover --json` has it under `candidates`."""
        kept = self.candidate
        return {
            "candidate_id": kept.candidate_id,
            "stage": kept.stage,
            "name": kept.story.name if kept.story else None,
            "topic": kept.topic,
            "opened_by": kept.opened_by,
            "changed_at": kept.changed_at,
            "waits_for": list(kept.waits_for),
            "landed": list(self.landing.landed),
            "missing": list(self.landing.missing),
            "ready": self.landing.complete,
        }


def open_candidates(bench: Workbench, analyst: str | None = None) -> tuple[Open, ...]:
    """Candidates to go on with: those whose data has landed first, then the newest change first.

    Parameters
    ----------
    analyst
        Who opened it or changed it last; None: anybody's.

    Raises
    ------
    MartsError, StoreError
        The marts, or the store, cannot be read.
    """
    mine = [
        kept
        for kept in candidates(bench)
        if kept.promoted_at is None and kept.dropped_at is None and analyst in (None, kept.opened_by, kept.changed_by)
    ]
    landings = landed(bench, mine)
    opened = (Open(candidate=kept, landing=landings[kept.candidate_id]) for kept in mine)
    return tuple(sorted(opened, key=lambda one: not one.landing.complete))
