"""The metric under audit, read once, so that all five layers speak of the same moment and the same meaning.

The surprise: a value_sql that no longer reads still opens a case. What can be looked at without it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import METRIC_ID
from heartbeat_lib.model.value_sql import ValueSql, ValueSqlRefused, parse_value_sql
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_LONGEST_SHOWN = 80


class AuditRefusedError(HeartbeatError):
    """There is nothing to audit; the subclass says why. Nothing was written."""


class IllFormedIdError(AuditRefusedError):
    """What was named can be no metric's id."""


class UnknownMetricError(AuditRefusedError):
    """No metric ever had this id."""


class RetiredMetricError(AuditRefusedError):
    """The metric was retired: there is no number to stand behind any more."""


class FutureAuditError(AuditRefusedError):
    """The instant to audit has not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every layer gets.

    `metric` is the row of `sql/case.sql`: the registry's columns and what the tile shows; of an instant before the period on the
    tile, the value, status and period kept for that time (None, grey, None where none is). `as_of` is aware: the instant at which
    our number and every other route to it are computed. `hand_count` and `rebuild_sql` serve this audit alone. `parsed` is None
    where value_sql is no longer read as a metric; then `unreadable` says why. `story` is what its discovery said that it is;
    None where it had none.
    """

    workbench: Workbench
    metric: Mapping[str, Any]
    parsed: ValueSql | None
    as_of: datetime
    audit_date: date
    auditor: str
    hand_count: Decimal | None = None
    rebuild_sql: str | None = None
    unreadable: str = ""
    story: str | None = None

    @property
    def sql(self) -> ValueSql:
        """`parsed`, for those who have looked that it is there."""
        assert self.parsed is not None
        return self.parsed

    @property
    def metric_id(self) -> str:
        """Its id."""
        return self.metric["metric_id"]


def open_case(
    workbench: Workbench,
    metric_id: str,
    *,
    as_of: datetime | None = None,
    audit_date: date | None = None,
    auditor: str,
    hand_count: Decimal | None = None,
    rebuild_sql: str | None = None,
) -> Case:
    """Read one living metric as it stands now.

    Parameters
    ----------
    as_of
        Aware; None: now.
    audit_date
        The day that the report bears; None: today in the workspace's zone.

    Raises
    ------
    AuditRefusedError
        IllFormedIdError, UnknownMetricError, RetiredMetricError, or FutureAuditError.
    ValueError
        `as_of` has no offset, so it names no instant.
    """
    if not METRIC_ID.fullmatch(metric_id):
        shown = metric_id if len(metric_id) <= _LONGEST_SHOWN else metric_id[:_LONGEST_SHOWN] + "..."
        raise IllFormedIdError(
            f"{shown!r} is no metric's id: those are 3 to 63 lower-case letters, digits and underscores, a letter first. "
            "`heartbeat list` shows the living ones."
        )
    now = datetime.now(UTC)
    as_of = now if as_of is None else as_of
    if as_of.utcoffset() is None:
        raise ValueError(f"as_of {as_of!r} has no offset: a number is audited at an instant")
    if as_of > now:
        raise FutureAuditError(f"{as_of.isoformat()} has not come yet; a number is audited as of now or of the past.")
    metric = _metric(workbench, metric_id)
    if metric["period_start"] is not None and metric["period_start"] > as_of:
        metric = {**metric, **_as_then(workbench, metric_id, as_of)}
    parsed, unreadable = None, ""
    try:
        parsed = parse_value_sql(metric["value_sql"], dialect_for(workbench.workspace.marts_url))
    except ValueSqlRefused as refused:
        unreadable = str(refused)
    return Case(
        workbench=workbench,
        metric=metric,
        parsed=parsed,
        as_of=as_of.astimezone(UTC),
        audit_date=audit_date or now.astimezone(workbench.workspace.zone).date(),
        auditor=auditor,
        hand_count=hand_count,
        rebuild_sql=rebuild_sql,
        unreadable=unreadable,
        story=_story(workbench, metric_id),
    )


def select(case: Case, name: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of `sql/<name>.sql`, as the reader sees them. Raises StoreError."""
    return _select(case.workbench, name, values)


def _metric(workbench: Workbench, metric_id: str) -> Mapping[str, Any]:
    found = _select(workbench, "case", {"metric_id": metric_id})
    if found:
        return found[0]
    gone = _select(workbench, "retired", {"metric_id": metric_id})
    if not gone:
        raise UnknownMetricError(
            f"There is no metric {metric_id!r}. `heartbeat list` shows the living ones; "
            "a new file lives after `heartbeat deploy`."
        )
    last = gone[0]
    on = last["retired_at"].astimezone(workbench.workspace.zone).date()
    instead = f"; {last['successor']} came instead" if last["successor"] else ""
    raise RetiredMetricError(
        f"{metric_id} was retired on {on} by {last['retired_by']}{instead}. Its history stays; there is no number left to audit."
    )


def _story(workbench: Workbench, metric_id: str) -> str | None:
    """What a story says of the number itself; what it says of money and people claims nothing of the SQL."""
    told = _select(workbench, "story", {"metric_id": metric_id})
    return f"{told[0]['story']['name']}. {told[0]['story']['job']}" if told else None


def _as_then(workbench: Workbench, metric_id: str, as_of: datetime) -> Mapping[str, Any]:
    kept = _select(workbench, "drawn_history", {"metric_id": metric_id, "as_of": as_of, "periods": 1})
    of_meaning = [row for row in kept if row["same_meaning"]]
    if not of_meaning:
        return {"period_start": None, "value": None, "status": "grey"}
    return {column: of_meaning[0][column] for column in ("period_start", "value", "status")}


def _select(workbench: Workbench, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with (
        translated("Reading the store"),
        workbench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(load_sql(__package__ or "", name), values or None).fetchall()
