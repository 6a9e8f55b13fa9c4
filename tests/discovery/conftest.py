"""Marts, metrics and candidates for discovery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Json

from heartbeat_lib import lifecycle
from heartbeat_lib.store import Role

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
"""A Tuesday noon in Berlin."""
STORY = {
    "name": "Parcels returned",
    "period": "day",
    "job": "Which carrier breaks what we send?",
    "red_means": "Refunds for broken parcels",
    "amount": "9000",
    "amount_basis": "Refund ledger 2025",
    "who_acts": "The dispatch desk calls the carrier",
    "threshold_source": "Carrier contract, clause 4",
}


@pytest.fixture
def deployed(bench, file_of) -> Callable[..., None]:
    """Writes metric files and deploys them: id = value_sql, or (value_sql, its name)."""

    def deploy(**files) -> None:
        for number, (metric_id, given) in enumerate(files.items()):
            query, name = given if isinstance(given, tuple) else (given, None)
            text = file_of(metric_id, query, name=name, code=f"DIS{number}")
            (bench.workspace.metrics / f"{metric_id}.sql").write_text(text, "utf-8")
        lifecycle.deploy(bench)

    return deploy


@pytest.fixture
def candidate(bench) -> Callable[..., None]:
    """Writes a candidate as the operator does: `candidate(id, story=..., waits_for=[...], dropped_why=...)`."""

    def write(candidate_id: str, *, by: str = "ann@x.example", draft: dict | None = None, **columns) -> None:
        story = columns.pop("story", None)
        with bench.store.connect(Role.OPERATOR) as connection:
            connection.execute(
                "INSERT INTO heartbeat.candidate (candidate_id, topic, opened_by, changed_by) VALUES (%s, %s, %s, %s)",
                [candidate_id, columns.pop("topic", None), by, by],
            )
            if story is not None:
                connection.execute(
                    "UPDATE heartbeat.candidate SET story = %s, story_hash = 'a hash' WHERE candidate_id = %s",
                    [Json(story), candidate_id],
                )
            if draft is not None:
                connection.execute(
                    "INSERT INTO heartbeat.candidate_alignment (candidate_id, story_hash, story, agreed_by, remark, written_by) "
                    "VALUES (%s, 'a hash', %s, 'bea@x.example', 'yes', %s)",
                    [candidate_id, Json(story), by],
                )
                connection.execute(
                    "UPDATE heartbeat.candidate SET draft = %s, draft_story = 'a hash' WHERE candidate_id = %s",
                    [Json(draft), candidate_id],
                )
            if "waits_for" in columns:
                connection.execute(
                    "UPDATE heartbeat.candidate SET waits_for = %s WHERE candidate_id = %s", [columns["waits_for"], candidate_id]
                )
            if "dropped_why" in columns:
                connection.execute(
                    "UPDATE heartbeat.candidate SET dropped_at = now(), dropped_why = %s WHERE candidate_id = %s",
                    [columns["dropped_why"], candidate_id],
                )

    return write
