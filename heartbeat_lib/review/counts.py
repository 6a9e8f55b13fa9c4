"""Numbers that people counted by hand: kept for ever, and held against every later meaning of the metric."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from heartbeat_lib.model.period import Grain, Period, period_at
from heartbeat_lib.model.refusal import Refusal
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_NOON = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What became of a count. `period` is the one it stands for, None where none could be told."""

    changed: bool
    period: Period | None
    refusals: tuple[Refusal, ...] = ()


def count_by_hand(
    workbench: Workbench,
    metric_id: str,
    *,
    period: date | datetime,
    value: Decimal,
    source: str,
    actor: str,
    proved: bool,
    via: str,
    now: datetime,
    connection: psycopg.Connection[Any] | None = None,
) -> Counted:
    """Keep what a person counted for one finished period of a living metric; a newer count of the same period replaces it.

    Parameters
    ----------
    period
        A day in the period, or an aware instant; for a metric judged by the hour only an instant.
    value
        In the metric's unit, with the digits that were written: they say how exactly it was counted.
    source
        From which report the number is.
    proved, via
        Whether the door has proof of `actor`, and which door it is.
    now
        Aware: the period has to be over.
    connection
        An open one of somebody who may decide, in no transaction; None: one of its own.

    Raises
    ------
    StoreError
        The database cannot be reached, or somebody holds the registry for too long.
    """
    zone = workbench.workspace.zone
    with translated(f"Counting {metric_id}"), workbench.store.using(connection, Role.OPERATOR) as operator:
        living = operator.execute(_sql("grain"), {"metric_id": metric_id}).fetchone()
        # Where it is not alive any grain will do: the door says so.
        grain = Grain(living[0]) if living else Grain.DAY
        counted = _period(period, grain, zone)
        if counted is None:
            return _refused(None, f"{metric_id} is judged by the hour: name an instant in it, such as {period}T09:00.")
        if living and counted.end > now:
            return _refused(
                counted, f"The {grain} of {counted.label(zone)} is not over yet; its final number comes with its end."
            )
        values = {
            "metric_id": metric_id,
            "period": grain,
            "period_start": counted.start,
            "value": value,
            "source": source,
            "actor": actor,
            "proved": proved,
            "via": via,
        }
        ((answer,),) = operator.execute(_sql("count_by_hand"), values).fetchall()
    refusals = tuple(Refusal(**refusal) for refusal in answer["refusals"])
    return Counted(changed=answer["changed"], period=counted, refusals=refusals)


def hand_counts(workbench: Workbench, metric_id: str) -> list[dict[str, Any]]:
    """The counts that stand, one per period, oldest period first; of retired metrics too.

    Returns
    -------
    list of dict
        metric_id, period (the grain it was counted by), period_start (aware), value (Decimal, with the digits that were written),
        source, actor, proved, via, at.

    Raises
    ------
    StoreError
        The database cannot be reached.
    """
    with (
        translated("Reading hand counts"),
        workbench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(_sql("hand_counts"), {"metric_id": metric_id}).fetchall()


def _period(named: date | datetime, grain: Grain, zone: ZoneInfo) -> Period | None:
    if isinstance(named, datetime):
        return period_at(named, grain, zone)
    return None if grain is Grain.HOUR else period_at(datetime.combine(named, _NOON, zone), grain, zone)


def _refused(period: Period | None, message: str) -> Counted:
    rule = "period_form" if period is None else "period_running"
    return Counted(changed=False, period=period, refusals=(Refusal(kind="value", field="period", rule=rule, message=message),))


def _sql(name: str) -> Any:
    return load_sql(__package__ or "", name)
