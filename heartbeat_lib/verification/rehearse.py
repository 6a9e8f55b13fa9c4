"""What thresholds would have said of the kept history. It answers a question and proposes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import infer_direction
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench


class RehearsalRefused(HeartbeatError):
    """The metric is not alive, or the two thresholds and its direction contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The judgement of every kept period of the present meaning.

    `periods`, `amber`, `red` count periods; `episodes` stretches of red without a break; `longest_quiet` is the longest
    stretch of periods without a red one; `dates` the red periods, oldest first: days, for hours aware instants.
    """

    periods: int
    amber: int
    red: int
    episodes: int
    longest_quiet: int
    dates: list[date | datetime] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """Under the keys that `--json` promises."""
        return asdict(self)


def rehearse(workbench: Workbench, metric_id: str, *, norm: Decimal | None, alert: Decimal | None) -> Rehearsal:
    """Judge the kept values of a living metric by `norm` (amber) and `alert` (red), in its unit; nothing is written.

    Raises
    ------
    RehearsalRefused
        No such living metric, or thresholds that do not fit its direction.
    """
    with translated("Rehearsing"), workbench.store.connect(Role.READER) as connection:
        grain, kept = _judged(connection, metric_id, norm, alert, periods=None, as_judged=False)
    rows = [(start, status) for start, value, status in kept if value is not None]
    reds = [(is_red, len(list(stretch))) for is_red, stretch in groupby(rows, key=lambda row: row[1] == "red")]
    zone = workbench.workspace.zone
    starts = [period_at(start, Grain(grain), zone).start.astimezone(zone) for start, status in rows if status == "red"]
    return Rehearsal(
        periods=len(rows),
        amber=sum(status == "amber" for _, status in rows),
        red=len(starts),
        episodes=sum(is_red for is_red, _ in reds),
        longest_quiet=max((length for is_red, length in reds if not is_red), default=0),
        dates=[start if grain == Grain.HOUR else start.date() for start in starts],
    )


def judged_statuses(
    connection: psycopg.Connection[Any], metric_id: str, *, norm: Decimal | None, alert: Decimal | None, periods: int
) -> tuple[str, list[str]]:
    """The grain of a living metric, and what `norm` and `alert` say of its last kept periods of the present meaning.

    Parameters
    ----------
    connection
        As anybody who may read; it stays open.
    periods
        How many at most; those that a tile would judge, without a value (then grey) too.

    Returns
    -------
    tuple
        The grain, and a status per period, oldest first.

    Raises
    ------
    RehearsalRefused
        No such living metric, or thresholds that do not fit its direction.
    """
    with translated("Rehearsing"):
        grain, kept = _judged(connection, metric_id, norm, alert, periods=periods, as_judged=True)
    return grain, [status for _, _, status in kept]


def _judged(
    connection: psycopg.Connection[Any],
    metric_id: str,
    norm: Decimal | None,
    alert: Decimal | None,
    *,
    periods: int | None,
    as_judged: bool,
) -> tuple[str, list[tuple[datetime, Decimal | None, str]]]:
    """The grain, and start, value and status of each period, oldest first."""
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        living = cursor.execute(load_sql(__package__ or "", "living"), {"metric_id": metric_id}).fetchone()
        if living is None:
            raise RehearsalRefused(f"No living metric {metric_id!r}. `heartbeat list` shows the living ones.")
        values = {
            "metric_id": metric_id,
            "direction": _direction(living[1], norm, alert),
            "norm": norm,
            "alert": alert,
            "periods": periods,
            "as_judged": as_judged,
        }
        rows = cursor.execute(load_sql(__package__ or "", "judged_history"), values).fetchall()
    return living[0], rows[::-1]


def _direction(stored: str | None, norm: Decimal | None, alert: Decimal | None) -> str:
    if norm is None and alert is None:
        raise RehearsalRefused("Give a norm, an alert, or both: there is nothing to judge by.")
    try:
        return infer_direction(norm, alert, stored) or ""
    except ValueError as contradiction:
        raise RehearsalRefused(f"{contradiction}") from None
