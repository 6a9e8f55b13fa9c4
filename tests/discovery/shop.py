"""A small shop over a hundred days that end on NOW, and a candidate agreed upon: what drafts and checks are tried on.

`orders` is whole; `tickets` are opened, closed and due; no ticket was opened on three days in the middle of October.
"""

from __future__ import annotations

from datetime import date

from heartbeat_lib.discovery.candidate import CandidateStage
from tests.discovery.stories import STORY, brought

DAY = date(2026, 11, 24)
SHOP = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders AS
    SELECT n AS id, TIMESTAMPTZ '2026-08-01 00:30:00+02' + n * INTERVAL 1 HOUR AS placed_at, 10 + n % 7 AS amount
    FROM range(2771) AS t(n);
    CREATE TABLE shop.tickets AS
    SELECT n AS id, opened_at, opened_at + (1 + n % 9) * INTERVAL 1 DAY AS closed_at,
        CAST(opened_at AS DATE) + 5 AS due_on, 1 + n % 3 AS urgency
    FROM (
        SELECT n, TIMESTAMPTZ '2026-08-01 00:10:00+02' + n * INTERVAL 130 MINUTE AS opened_at FROM range(1277) AS t(n)
    ) AS opened
    WHERE CAST(opened_at AS DATE) NOT BETWEEN DATE '2026-10-13' AND DATE '2026-10-15';
    CREATE TABLE shop.regions AS SELECT n AS id, 'region ' || n AS name FROM range(5) AS t(n);
    CREATE TABLE shop.returns (id INTEGER, returned_at TIMESTAMPTZ);
"""


def agreed(bench, candidate_id: str = "late_share", *, period: str = "day") -> None:
    """A candidate with a story that somebody agreed to."""
    brought(bench, CandidateStage.ALIGNED, candidate_id, story={**STORY, "period": period}, on=DAY)
