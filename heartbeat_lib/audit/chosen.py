"""Which metrics a batch looks at, and what the store says of an audit that a run wrote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from heartbeat_lib.audit.evidence import LayerName
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.settings import ScheduledAudit
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSaid:
    """What the row keeps of one layer."""

    name: LayerName
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One audit as its row tells it. Paths are relative to the workspace; `notebook` None: none was kept.

    `broken`: a layer was not examined because something failed.
    """

    metric_id: str
    audit_date: date
    report: str
    verdict: Verdict
    layers: tuple[LayerSaid, ...]
    notebook: str | None
    broken: bool

    def json(self) -> dict[str, Any]:
        """As `heartbeat audit --json` prints it."""
        return {
            "metric_id": self.metric_id,
            "audit_date": self.audit_date,
            "report": self.report,
            "verdict": self.verdict,
            "layers": [{"name": layer.name, "verdict": layer.verdict, "why": layer.why} for layer in self.layers],
        }


def wanted(
    workbench: Workbench,
    *,
    ids: Collection[str] = (),
    unverified: bool = False,
    older_than: datetime | None = None,
    since: datetime | None = None,
) -> list[str]:
    """Ids of living metrics, sorted: the union of what is asked for.

    Parameters
    ----------
    older_than
        Aware: metrics whose present meaning was not looked at since then, or never. None: does not ask.
    since
        Aware: what was looked at after this instant is left out. None: nothing is.
    """
    asked = {"ids": list(ids), "unverified": unverified, "older_than": older_than, "since": since}
    return [row["metric_id"] for row in _rows(workbench, "wanted", asked)]


def still_due(workbench: Workbench, which: ScheduledAudit, due: datetime) -> list[str]:
    """Ids that a `[[schedule.audit]]` speaks of and that nobody looked at since it was due (aware)."""
    older = None if which.older_than is None else due - which.older_than
    return wanted(workbench, ids=which.ids, unverified=which.all_unverified, older_than=older, since=due)


def written(workbench: Workbench, run_id: int) -> Written | None:
    """The audit that a run wrote, or None."""
    found = _rows(workbench, "written", {"run_id": run_id})
    if not found:
        return None
    row = found[0]
    layers = row.pop("layers")
    said = [LayerSaid(name=LayerName(one["name"]), verdict=Verdict(one["verdict"]), why=one["why"]) for one in layers]
    broken = any(one.get("broken", False) for one in layers)
    return Written(**row | {"verdict": Verdict(row["verdict"]), "layers": tuple(said), "broken": broken})


def _rows(workbench: Workbench, name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with (
        translated("Reading the store"),
        workbench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(load_sql(__package__ or "", name), values).fetchall()
