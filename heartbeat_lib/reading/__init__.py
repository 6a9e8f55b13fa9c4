"""What stands in the store, for everybody who reads it: the same rows for the command line, notebooks and later doors.

Rows are dictionaries under the names that DESIGN promises for `--json`; instants are aware, numbers are Decimal. A metric and a
history show themselves in a notebook.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.stage import stage_of
from heartbeat_lib.reading.clock import ClockState, clock
from heartbeat_lib.reading.displays import Course, History, Metric, remark
from heartbeat_lib.reading.rows import Row, select
from heartbeat_lib.workbench import Workbench

__all__ = [
    "ClockState",
    "Course",
    "History",
    "Metric",
    "NoSuchMetricError",
    "Row",
    "changes",
    "clock",
    "history",
    "metric",
    "metrics",
    "remark",
    "runs",
]


class NoSuchMetricError(HeartbeatError):
    """Neither a living nor a retired metric has this id."""


def metrics(workbench: Workbench) -> list[Metric]:
    """Living metrics, one row each by id: registry columns, stage, and what the tile shows.

    Returns
    -------
    list of dict, each a Metric
        `period_start` is a date (an aware instant for hours), None before the first value; `stage` is 4 to 9;
        `benchmark_mean` and `benchmark_stddev` are None below 7 values, which `benchmark_n` counts.
    """
    return _metrics(workbench, None)


def metric(workbench: Workbench, metric_id: str) -> Metric:
    """One living metric as in `metrics`.

    Raises
    ------
    NoSuchMetricError
        It is not alive; where it is retired the message says since when, by whom and why.
    """
    found = _metrics(workbench, metric_id)
    if not found:
        raise NoSuchMetricError(_where_is(workbench, metric_id))
    return found[0]


def history(workbench: Workbench, metric_id: str) -> History:
    """Every kept period of one metric, oldest first; retired metrics too, for ever.

    Raises
    ------
    NoSuchMetricError
        No metric ever had this id.
    """
    rows = select(workbench, "history", metric_id=metric_id)
    if not rows and not select(workbench, "known", metric_id=metric_id)[0]["known"]:
        raise NoSuchMetricError(_where_is(workbench, metric_id))
    for row in rows:
        row["period_start"] = _label(row["period"], row["period_start"], workbench.workspace.zone)
    return History(metric_id, rows)


def changes(workbench: Workbench, metric_id: str | None = None, *, since: datetime | None = None, limit: int = 200) -> list[Row]:
    """Changes of the registry, newest first, of retired metrics too.

    Each says who, when, through which door and why; `before` and `after` are whole rows, `fields` what differs between them.
    """
    return select(workbench, "changes", metric_id=metric_id, since=since, limit=limit)


def runs(workbench: Workbench, limit: int = 50) -> list[Row]:
    """The last runs, newest first: kind, due, started, ended, outcome, notebook and what was found."""
    return select(workbench, "runs", limit=limit)


def _metrics(workbench: Workbench, metric_id: str | None) -> list[Metric]:
    return [_metric(row, workbench.workspace.zone) for row in select(workbench, "metrics", metric_id=metric_id)]


def _metric(row: Row, zone: ZoneInfo) -> Metric:
    course = Course(**{name: row.pop(f"course_{name}") for name in ("values", "same_meaning", "failed")})
    row["period_start"] = _label(row["period"], row["period_start"], zone)
    row["stage"] = int(stage_of(row, audited=row.pop("audited")))
    return Metric(row, course)


def _label(grain: str, start: datetime | None, zone: ZoneInfo) -> date | datetime | None:
    """A period's start as people and `--json` name it: a date, or for hours an instant with the zone's offset."""
    if start is None:
        return None
    local = period_at(start, Grain(grain), zone).start.astimezone(zone)
    return local if grain == Grain.HOUR else local.date()


def _where_is(workbench: Workbench, metric_id: str) -> str:
    gone = select(workbench, "retirement", metric_id=metric_id)
    if not gone:
        return f"No metric {metric_id!r}. `heartbeat list` shows the living ones."
    successor = f" Its successor is {gone[0]['successor']}." if gone[0]["successor"] else ""
    return (
        f"{metric_id!r} was retired on {gone[0]['retired_at'].astimezone(workbench.workspace.zone):%Y-%m-%d} "
        f"by {gone[0]['retired_by']}.{successor} `heartbeat history {metric_id}` still shows all of its values."
    )
