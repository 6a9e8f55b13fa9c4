"""One metric as its tile says it: words and figures, from a row of `sql/wall.sql`. It judges nothing; the store has."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from heartbeat_lib.cockpit.shapes import Spark, Tile
from heartbeat_lib.cockpit.sources import Sources, broken_promise, source_age
from heartbeat_lib.model import words
from heartbeat_lib.model.cron import Cron
from heartbeat_lib.model.figures import Figures, figures_of
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.picture import sparkline_of
from heartbeat_lib.reading.rows import Row

if TYPE_CHECKING:
    from heartbeat_lib.workbench import Workbench

PERIODS = 90
"""In the picture of a tile."""
PERIODS_ON_GREEN = 30

_BAND_FROM = 7
"""Values below which nobody says what is normal."""


class Teller:
    """Tells tiles at one moment: what every tile of a look needs to know, kept once."""

    def __init__(self, workbench: Workbench, sources: Sources, now: datetime) -> None:
        self.zone = workbench.workspace.zone
        self.sources = sources
        self.now = now
        self.today = now.astimezone(self.zone).date()
        self._crontab = workbench.workspace.settings.schedule.tick

    def tile(self, row: Row) -> Tile:
        """The tile of one row."""
        figures = figures_of_row(row)
        value, kept = self._shown_value(row)
        return Tile(
            id=row["metric_id"],
            code=row["code"] or "",
            name=row["name"],
            status=row["status"],
            state=row["verification_state"],
            owner=row["owner"],
            version=row["row_version"],
            since=None if row["since"] is None else row["since"].isoformat(),
            value="" if value is None else figures.text(value),
            unit=figures.unit,
            exact=figures.exact(value),
            against=_against(row, figures),
            why=self._why(row),
            kept=kept,
            band=_band(row, figures),
            target=self._target(row, figures),
            meaning=self._meaning(row),
            audit=_audit(row),
            source=source_age(row["sources"], self.sources, self.now),
            spark=_spark(row),
            how_to_read=row["how_to_read"] or "",
            methodology=row["methodology"] or "",
        )

    def due(self, day: date) -> str:
        """Due in 12 days, due today, overdue by 5 days."""
        left = (day - self.today).days
        if left == 0:
            return "due today"
        return f"due in {words.counted(left, 'day')}" if left > 0 else f"overdue by {words.counted(-left, 'day')}"

    def _shown_value(self, row: Row) -> tuple[Any, str]:
        """The value, and where it is not of now the words that say so."""
        if row["status_reason"] != "failed":
            return row["value"], ""
        if row["value"] is not None:
            local = row["computed_at"].astimezone(self.zone)
            return row["value"], f"last good, {words.time(local) if local.date() == self.today else words.day(local)}"
        if row["good_value"] is not None:
            return row["good_value"], f"last good, {words.short_period(row['good_start'], row['period'], self.zone)}"
        return None, ""

    def _why(self, row: Row) -> str:
        match row["status_reason"]:
            case "no_threshold":
                return "no thresholds yet"
            case "failed":
                return f"failed: {words.first_line(row['error'])}"
            case "stale":
                return broken_promise(row["sources"], self.sources, self.now)
            case "no_value" if row["period_start"] is None:
                return self._first_value(row)
            case "no_value":
                period = words.short_period(row["period_start"], row["period"], self.zone)
                open_still = self.now < period_at(row["period_start"], Grain(row["period"]), self.zone).end
                return f"no value: no row for {period}{' yet' if open_still else ''}"
            case _:
                return ""

    def _first_value(self, row: Row) -> str:
        """When the tick comes that brings one: the next, or where finished periods are judged the first after this one."""
        after = self.now
        if row["judge"] == "closed":
            after = period_at(self.now, Grain(row["period"]), self.zone).end - timedelta(microseconds=1)
        due = Cron(self._crontab, self.zone).next(after)
        return "no value yet" if due is None else f"first value comes at {words.moment(due, self.now, self.zone)}"

    def _target(self, row: Row, figures: Figures) -> str:
        if row["target_value"] is None:
            return ""
        due = row["target_due_date"]
        return f"target {figures.text(row['target_value'])}{f', {self.due(due)}' if due else ''}"

    def _meaning(self, row: Row) -> str:
        if not row["unsigned_by_meaning"]:
            return ""
        return f"new meaning on {words.day(row['unsigned_at'].astimezone(self.zone))}: asks again"


def figures_of_row(row: Row) -> Figures:
    """How the values of a row's metric are written."""
    value = row["value"] if row["value"] is not None else row["good_value"]
    sd, recent = row["benchmark_stddev"], row["recent"]
    return figures_of(row["unit"], norm=row["norm_value"], alert=row["alert_value"], value=value, sd=sd, recent=recent)


def _against(row: Row, figures: Figures) -> str:
    norm, alert = row["norm_value"], row["alert_value"]
    if row["status"] == "red":
        return f"at or {'above' if row['direction'] == 'higher_is_worse' else 'below'} alert {figures.text(alert)}"
    if row["status"] == "amber":
        return f"norm {figures.text(norm)}" + ("" if alert is None else f", alert {figures.text(alert)}")
    return ""


def _audit(row: Row) -> str:
    if row["audit_verdict"] is None:
        return ""
    of = "" if row["audit_present"] else ", of an older meaning"
    return f"audit {words.day(row['audit_date'])}: {row['audit_verdict']}{of}"


def _band(row: Row, figures: Figures) -> str:
    if row["benchmark_kind"] == "none":
        return ""
    normal = figures.band(row["benchmark_mean"], row["benchmark_stddev"])
    if not normal:
        return f"normal: not known before {_BAND_FROM} values"
    if row["status"] != "green":
        return f"normal looks like {normal}"
    bare = Figures(by=figures.by, decimals=figures.decimals, unit="")
    return f"normal {bare.band(row['benchmark_mean'], row['benchmark_stddev'])}"


def _spark(row: Row) -> Spark:
    count = row["n"] if row["status"] != "green" else min(row["n"], PERIODS_ON_GREEN)
    drawing = sparkline_of(
        row["recent"][row["n"] - count :],
        older=0 if row["older_at"] is None else max(0, count - row["older_at"] + 1),
        failed=sorted(count - back for back in row["failed_at"] if back <= count),
        norm=row["norm_value"],
        alert=row["alert_value"],
        mean=row["benchmark_mean"],
        sd=row["benchmark_stddev"],
    )
    return Spark(
        line=drawing.line,
        older=drawing.older,
        cut=drawing.cut,
        failed=list(drawing.failed),
        norm=drawing.norm,
        alert=drawing.alert,
        band=None if drawing.band is None else list(drawing.band),
        last=None if drawing.last is None else list(drawing.last),
    )
