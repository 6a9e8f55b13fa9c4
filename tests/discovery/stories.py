"""A story, a draft as `Draft.json()` gives it, and a candidate brought as far as a test needs it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from heartbeat_lib.discovery import candidates as room
from heartbeat_lib.discovery.candidate import Candidate, CandidateStage
from heartbeat_lib.discovery.refusals import aligned_candidate

DAY = date(2026, 11, 24)
SQL = "SELECT count(*) FROM shop.parcels WHERE promised_on = current_date AND delivered_on > promised_on"
STORY = {
    "name": "Late parcels",
    "period": "day",
    "job": "Does the head of delivery have to call the carrier today?",
    "red_means": "Refunds are paid for every parcel above five percent.",
    "amount": "62,000 EUR a year",
    "amount_basis": "Refunds booked in 2025, ledger account 4711.",
    "who_acts": "The head of delivery calls the carrier before noon.",
    "threshold_source": "Carrier contract, clause 4.",
}


def draft_json(sql: str = SQL, *, code: str = "LATE", tables: tuple[str, ...] = ("shop.parcels",), **more) -> dict:
    """What a draft gives: 90 days, the oldest without a value."""
    past = [
        {"period_start": (DAY - timedelta(days=89 - at)).isoformat(), "value": None if at == 0 else Decimal(at) / 2}
        for at in range(90)
    ]
    return {
        "value": Decimal("44.5"),
        "unit": None,
        "as_of": "2026-11-24T11:00:00+00:00",
        "elapsed_ms": 12,
        "period": "day",
        "period_start": DAY.isoformat(),
        "tables": list(tables),
        "past": past,
        "code": code,
        "duplicates": [{"metric_id": "parcels_slow", "kind": "shape", "reason": "It counts the same rows with another filter."}],
        "checks": [{"name": "look-ahead", "verdict": "holds", "evidence": "No row from after the instant is read."}],
        "value_sql": sql,
        "rough": None,
    } | more


def brought(
    bench,
    stage: CandidateStage,
    candidate_id: str = "late_share",
    *,
    story: dict | None = None,
    draft: dict | None = None,
    on=DAY,
) -> Candidate:
    """A candidate at `stage`: new, story, aligned or drafted."""
    found = room.open_candidate(bench, candidate_id, topic="parcels", on=on)
    if stage is CandidateStage.NEW:
        return found
    found = room.write_story(bench, candidate_id, story or STORY, on=on)
    if stage is CandidateStage.STORY:
        return found
    found = room.align(bench, candidate_id, agreed_by="olga@x.example", remark="That is what I call about.", on=on)
    if stage is CandidateStage.ALIGNED:
        return found
    return room.keep_draft(bench, aligned_candidate(bench, candidate_id), draft or draft_json(), on=on)
