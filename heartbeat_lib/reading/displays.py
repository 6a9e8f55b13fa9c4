"""Rows that a notebook shows as pictures: still a dict and a list, so that every other reader takes them as they are.

`_repr_html_` is what Jupyter asks for; names, owners and reasons become text. Where only text is shown, one line says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from heartbeat_lib.model.display import band, number, unusual
from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element, joined, pill, status_mark
from heartbeat_lib.model.picture import COLOURS, sparkline_of, svg
from heartbeat_lib.reading.rows import Row

_ON_GREEN = 30
"""Periods of a green metric's picture: there is less to see."""
_IN_PICTURE = 90
_IN_TABLE = 14
_GREY = {"failed": "failed", "no_value": "no value", "no_threshold": "no thresholds yet", "stale": "stale"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The last periods of one metric, oldest first, as columns of equal length.

    Attributes
    ----------
    values
        The metric's unit; None: no value.
    same_meaning
        Whether the value was computed by the present value_sql.
    failed
        Whether the last computation failed; the value is then the last good one.
    """

    values: Sequence[Decimal | None] = ()
    same_meaning: Sequence[bool] = ()
    failed: Sequence[bool] = ()

    def drawn(self, *, status: str, periods: int, width: int, height: int, **levels: Decimal | None) -> Markup:
        """The last `periods` as an inline SVG. `levels` are norm, alert, mean and sd of `sparkline_of`."""
        values, same, failed = (column[-periods:] for column in (self.values, self.same_meaning, self.failed))
        drawing = sparkline_of(
            values,
            older=len(same) - next((at for at, is_same in enumerate(reversed(same)) if not is_same), len(same)),
            failed=[at for at, is_failed in enumerate(failed) if is_failed],
            **levels,
        )
        return Markup(svg(drawing, status=status, width=width, height=height))


class Metric(Row):
    """One living metric under the names of `reading.metrics`, with the `course` of its last 90 periods."""

    def __init__(self, row: Mapping[str, Any], course: Course) -> None:
        super().__init__(row)
        self.course = course

    def __repr__(self) -> str:
        trust = f"{self['verification_state']}, {self['owner'] or 'no owner'}"
        return f"{self['code']} {self['name']}: {number(self['value'], self['unit'])}, {_status_words(self)}; {trust}"

    def _repr_html_(self) -> str:
        unverified = self["verification_state"] != "verified"
        look = f"border:1px {'dashed' if unverified else 'solid'} {COLOURS[self['status']]};border-radius:6px;padding:.6em .9em"
        return element("div", *self._lines(unverified=unverified), style=f"{look};max-width:32em;color:inherit;line-height:1.5")

    def _lines(self, *, unverified: bool) -> Iterator[Markup]:
        code = element("span", self["code"], style="font-family:monospace;font-weight:bold")
        trust = [" ", pill("unverified")] if unverified else [" ", element("span", "verified", style=FAINT)]
        status = element("span", status_mark(self["status"]), style="float:right;font-weight:bold")
        yield element("div", status, code, *trust)
        yield element("div", self["name"], style="font-weight:bold")
        value = element("span", number(self["value"], self["unit"]), style="font-size:160%;font-weight:bold;margin-right:.8em")
        yield element("div", value, self._picture())
        for words in filter(None, (self._against(), self._normal(), self._target())):
            yield element("div", words)
        owner = self["owner"] or "○ no owner"
        yield element("div", owner, f" · {self._period()}" if self["period_start"] is not None else "", style=FAINT)

    def _picture(self) -> Markup:
        if not self.course.values:
            return joined()
        return self.course.drawn(
            status=self["status"],
            periods=_ON_GREEN if self["status"] == "green" else _IN_PICTURE,
            width=200,
            height=36,
            norm=self["norm_value"],
            alert=self["alert_value"],
            mean=self["benchmark_mean"],
            sd=self["benchmark_stddev"],
        )

    def _against(self) -> str:
        """What the status came from; nothing on green."""
        if self["status"] == "green":
            return ""
        if self["status"] == "grey":
            kept = "; the value is the last good one" if self["status_reason"] == "failed" and self["value"] is not None else ""
            return f"{_grey(self)}{kept}"
        if self["status"] == "red":
            side = "below" if self["direction"] == "lower_is_worse" else "above"
            return f"at or {side} alert {number(self['alert_value'])}"
        alert = f", alert {number(self['alert_value'])}" if self["alert_value"] is not None else ""
        return f"norm {number(self['norm_value'])}{alert}"

    def _normal(self) -> str:
        usual = band(self["benchmark_mean"], self["benchmark_stddev"], self["unit"])
        return "; ".join(filter(None, [usual and f"normal looks like {usual}", remark(self)]))

    def _target(self) -> str:
        if self["target_value"] is None:
            return ""
        due = f", due {self['target_due_date']}" if self["target_due_date"] else ""
        return f"target {number(self['target_value'], self['unit'])}{due}"

    def _period(self) -> str:
        return _period(self["period_start"], self["period"])


class History(list[Row]):
    """Every kept period of one metric, oldest first, rows as in `reading.history`."""

    def __init__(self, metric_id: str, rows: Sequence[Row]) -> None:
        super().__init__(rows)
        self.metric_id = metric_id

    def __repr__(self) -> str:
        if not self:
            return f"{self.metric_id}: no value yet"
        last = self[-1]
        return f"{self.metric_id}: {self._count()}, the last {_period_of(last)}: {number(last['value'])}, {_status_words(last)}"

    def _repr_html_(self) -> str:
        heading = element("b", self.metric_id)
        if not self:
            return element("div", heading, ": no value yet. `heartbeat refresh` computes today's, `heartbeat backfill` the past.")
        shown = self[-_IN_TABLE:]
        more = "" if len(shown) == len(self) else f"; the last {len(shown)} below, the whole as a frame: frames.history"
        head = [element("th", name, style="text-align:left") for name in ("period", "value", "status", "settled", "origin")]
        rows = [element("tr", *_cells(row)) for row in shown]
        table = element("table", element("thead", element("tr", *head)), element("tbody", *rows), style=TABLE)
        return element("div", element("div", heading, f": {self._count()}{more}"), element("div", self._picture()), table)

    def _count(self) -> str:
        return "1 period" if len(self) == 1 else f"{len(self)} periods"

    def _picture(self) -> Markup:
        last = self[-1]
        rows = [row for row in self if row["period"] == last["period"]][-_IN_PICTURE:]
        course = Course(
            values=[row["value"] for row in rows],
            same_meaning=[row["definition_hash"] == last["definition_hash"] for row in rows],
            failed=[row["error"] is not None for row in rows],
        )
        levels = {"norm": last["norm_applied"], "alert": last["alert_applied"]}
        return course.drawn(status=last["status"], periods=_IN_PICTURE, width=560, height=72, **levels)


def remark(row: Mapping[str, Any]) -> str:
    """How unusual the value on show is, in neutral words; empty where it is not, or has another meaning than its band."""
    same_meaning = row["shown_definition_hash"] == row["definition_hash"]
    return unusual(row["value"], row["benchmark_mean"], row["benchmark_stddev"]) if same_meaning else ""


def _cells(row: Row) -> Iterator[Markup]:
    yield element("td", _period_of(row), style="text-align:left;white-space:nowrap")
    yield element("td", number(row["value"]), style="text-align:right")
    why = f", {_grey(row)}" if row["status"] == "grey" else ", stale" if row["stale"] else ""
    yield element("td", status_mark(row["status"]), why, style="text-align:left")
    yield element("td", "yes" if row["settled"] else "no", style="text-align:left")
    yield element("td", row["origin"], style="text-align:left")


def _grey(row: Mapping[str, Any]) -> str:
    reason = _GREY[row["status_reason"]]
    return f"{reason}: {row['error']}" if row["error"] else reason


def _status_words(row: Mapping[str, Any]) -> str:
    return f"grey ({_grey(row)})" if row["status"] == "grey" else row["status"]


def _period_of(row: Mapping[str, Any]) -> str:
    return _period(row["period_start"], row["period"])


def _period(start: object, grain: str) -> str:
    if isinstance(start, datetime):
        return f"{start:%Y-%m-%d %H:00}"
    return f"{start}" if grain == "day" else f"{grain} of {start}"
