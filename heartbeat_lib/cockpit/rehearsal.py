"""What thresholds that somebody types would have said of the last periods: one sentence and a letter per period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import psycopg

from heartbeat_lib import verification
from heartbeat_lib.cockpit.shapes import Rehearsed
from heartbeat_lib.cockpit.tile import PERIODS
from heartbeat_lib.model.figures import typed_number
from heartbeat_lib.model.words import counted

LETTERS = {"red": "r", "amber": "a", "grey": "x", "green": "g"}


def rehearse(connection: psycopg.Connection[Any], metric_id: str, norm: str, alert: str) -> Rehearsed:
    """Judge the last periods of the present meaning by what stands in the two fields; an empty one is no threshold.

    Raises
    ------
    RehearsalRefused
        A text that is no number, no threshold at all, two that do not fit the metric's direction, no such living metric.
    StoreError
        The database does not answer.
    """
    try:
        lines = [typed_number(norm), typed_number(alert)]
    except ValueError as no_number:
        raise verification.RehearsalRefused(f"{no_number}") from None
    return rehearsed(connection, metric_id, *lines)


def rehearsed(connection: psycopg.Connection[Any], metric_id: str, norm: Decimal | None, alert: Decimal | None) -> Rehearsed:
    """As `rehearse`, of thresholds that are numbers already; in the metric's unit."""
    grain, statuses = verification.judged_statuses(connection, metric_id, norm=norm, alert=alert, periods=PERIODS)
    return Rehearsed(sentence=_sentence(grain, statuses), status="".join(LETTERS[status] for status in statuses))


def _sentence(grain: str, statuses: Sequence[str]) -> str:
    """`red on 5 of the last 90 days, 2 episodes; amber on 5`, without a full stop."""
    kept = counted(len(statuses), grain)
    among = f"the last {kept}" if len(statuses) == PERIODS else f"the {kept} kept"
    episodes = sum(status == "red" for status, _ in groupby(statuses))
    return f"red on {statuses.count('red')} of {among}, {counted(episodes, 'episode')}; amber on {statuses.count('amber')}"
