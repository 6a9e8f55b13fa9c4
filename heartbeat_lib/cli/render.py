"""What the reading commands draw on a terminal: tables, sheets, lines. Colour is never the only signal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from heartbeat_lib.model.display import age, band, number, sparkline
from heartbeat_lib.model.stage import next_step
from heartbeat_lib.reading import Metric, remark

if TYPE_CHECKING:
    from heartbeat_lib.compute import Report
    from heartbeat_lib.lifecycle import Trial
    from heartbeat_lib.registration import Plan
    from heartbeat_lib.verification import Rehearsal

Row = Mapping[str, Any]
_STYLES = {"red": "bold red", "amber": "yellow", "green": "green", "grey": "bright_black"}
_ORDER = {"red": 0, "amber": 1, "grey": 2, "green": 3}
_REASONS = {
    "failed": "failed",
    "no_value": "no value",
    "no_threshold": "no threshold",
    "stale": "stale",
}
WIDE = 156
"""Columns of a terminal from which the list shows everything."""
_GROUPS = {
    "new": "+ new",
    "new_meaning": "~ new meaning",
    "cosmetic": "~ cosmetic",
    "retired": "- retired",
}


def metric_table(metrics: Sequence[Metric], zone: ZoneInfo, *, width: int) -> Table:
    """The list: what is red comes first, green fades. A narrow terminal gets shorter pictures and fewer columns.

    A remark on an unusual value stands below the name, in no colour of its own: it is no alarm.
    """
    wide = width >= WIDE
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True, min_width=14)
    table.add_column("code", no_wrap=True, min_width=4)
    table.add_column("metric", no_wrap=True, max_width=width - 122 if wide else max(12, width - 67))
    table.add_column("value", justify="right", no_wrap=True, min_width=9, max_width=None if wide else 16)
    bars = 14 if wide else 10
    table.add_column(f"last {bars}", no_wrap=True, min_width=bars)
    table.add_column("loaded", no_wrap=True, min_width=10)
    if wide:
        table.add_column("normal", no_wrap=True)
        table.add_column("period", no_wrap=True, min_width=10)
        table.add_column("stands behind it", no_wrap=True)
    now = datetime.now(UTC)
    for row in sorted(metrics, key=lambda row: (_ORDER[_status(row)], row["code"])):
        style = _STYLES[_status(row)]
        table.add_row(
            Text(f"● {_status_words(row)}", style=style),
            Text(row["code"], style="bold"),
            Text(row["name"] + (f"\n{said}" if wide and (said := remark(row)) else "")),
            Text(number(row["value"], row["unit"]), style=style),
            Text(sparkline(row.course.values[-bars:]), style=style),
            Text(_loaded(row, now), style="bright_black"),
            *(_wide_cells(row, zone) if wide else ()),
        )
    return table


def _wide_cells(row: Row, zone: ZoneInfo) -> Iterator[Text]:
    for cell in (band(row["benchmark_mean"], row["benchmark_stddev"]), _short_period(row, zone), _trust(row)):
        yield Text(cell, style="bright_black")


def metric_sheet(row: Metric, zone: ZoneInfo) -> Table:
    """Everything about one metric, a line per fact."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bright_black", no_wrap=True)
    table.add_column(overflow="fold")
    style = _STYLES[_status(row)]

    def fact(label: str, value: object, value_style: str = "") -> None:
        if value not in (None, "", ()):
            table.add_row(label, Text(str(value), style=value_style))

    fact(row["code"], f"{row['name']} ({row['metric_id']})", "bold")
    fact("value", number(row["value"], row["unit"]), style)
    fact("status", _status_words(row), style)
    fact("why", row["error"])
    fact("period", _period(row["period_start"], row["period"], zone))
    fact("last 30 periods", sparkline(row.course.values[-30:]), style)
    fact("computed", _instant(row["computed_at"], zone))
    if row["attempted_at"] != row["computed_at"]:
        fact("attempted", _instant(row["attempted_at"], zone))
    fact("source loaded", _instant(row["source_as_of"], zone) or "freshness unknown")
    fact("benchmark", _normal(row))
    fact("norm (amber)", None if row["norm_value"] is None else number(row["norm_value"], row["unit"]))
    fact("alert (red)", None if row["alert_value"] is None else number(row["alert_value"], row["unit"]))
    fact("direction", (row["direction"] or "").replace("_", " "))
    fact("basis", row["threshold_basis"])
    if row["target_value"] is not None:
        due = f" by {row['target_due_date']}" if row["target_due_date"] else ""
        fact("target", number(row["target_value"], row["unit"]) + due)
    fact("owner", row["owner"] or "no owner")
    fact("trust", row["verification_state"])
    fact("stage", f"{row['stage']}; next: {next_step(row)}")
    fact("what", row["description"])
    fact("how to read", row["how_to_read"])
    fact("methodology", row["methodology"])
    fact("sources", ", ".join(row["sources"]))
    fact("notes", row["notes"])
    fact("sql", dedent(row["value_sql"]))
    return table


def history_table(rows: Sequence[Row], zone: ZoneInfo) -> Table:
    """Kept periods, oldest first."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("period", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for heading in ("status", "settled", "origin", "computed"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        style = _STYLES[row["status"]]
        table.add_row(
            Text(_period(row["period_start"], row["period"], zone)),
            Text(number(row["value"]), style=style),
            Text(_status_words(row), style=style),
            Text("yes" if row["settled"] else "no"),
            Text(row["origin"]),
            Text(_instant(row["computed_at"], zone) or "never"),
        )
    return table


def run_table(rows: Sequence[Row], zone: ZoneInfo) -> Table:
    """Runs, newest first."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("run", "kind", "due", "started", "took", "outcome", "found"):
        table.add_column(heading, no_wrap=heading != "found")
    styles = {"ok": "green", "failed": "red", "aborted": "yellow", "running": "cyan"}
    for row in rows:
        took = f"{(row['ended'] - row['started']).total_seconds():.1f} s" if row["ended"] else ""
        table.add_row(
            str(row["run"]),
            row["kind"],
            _instant(row["due"], zone),
            _instant(row["started"], zone),
            took,
            Text(row["outcome"], style=styles[row["outcome"]]),
            Text(_found(row)),
        )
    return table


def plan_lines(plan: Plan, *, planned: bool) -> Iterator[str]:
    """A plan or a finished deploy, a line per changed metric and one that counts."""
    for group, sign in _GROUPS.items():
        for metric_id in getattr(plan, group):
            yield f"{sign:<15}{metric_id}"
    for metric_id in plan.kept_people:
        yield f"  {metric_id}: people have set its thresholds or target; what the file says of them is not taken"
    counts = ", ".join(f"{len(getattr(plan, group))} {group.replace('_', ' ')}" for group in (*_GROUPS, "unchanged"))
    yield f"{'Would deploy' if planned else 'Deployed'}: {counts}."


def report_lines(report: Report, zone: str) -> Iterator[str]:
    """What a pass did: the failures by name, then one line that counts."""
    for failure in report.failures:
        yield f"{failure.metric_id}: {failure.reason}: {failure.message}"
    as_of = report.as_of.astimezone(ZoneInfo(zone))
    total = report.ok + report.failed + report.no_value
    settled = (
        f"; {report.settled} {'period has' if report.settled == 1 else 'periods have'} a final value now"
        if report.settled
        else ""
    )
    yield (
        f"Run {report.run}, as of {as_of:%Y-%m-%d %H:%M:%S %Z}: {total} computed, {report.ok} with a value, "
        f"{report.no_value} without, {report.failed} failed{settled}."
    )


_DECIDED = {
    "owner": "owner",
    "norm_value": "norm",
    "alert_value": "alert",
    "threshold_basis": "basis",
    "target_value": "target",
    "target_due_date": "due",
    "verification_state": "trust",
    "status": "status",
}


_TAKEN_OVER = {
    "thresholds_by_people": "thresholds are people's from here on, not the file's",
    "target_by_people": "target is people's from here on, not the file's",
}


def decision_lines(before: Row, after: Row) -> Iterator[str]:
    """What a decision changed, a line per fact, and what the tile says now."""
    differing = [name for name in _DECIDED if before[name] != after[name]]
    for name in differing:
        old, new = (row[name] if row[name] is not None else "nothing" for row in (before, after))
        yield f"{_DECIDED[name]:<8}{old} -> {new}"
    said = "Nothing changed" if not differing else "Done"
    state = f"{_status_words(after)}, {after['verification_state']}, version {after['row_version']}"
    yield f"{said}: {after['metric_id']} is {state}."


def rehearsal_lines(done: Rehearsal) -> Iterator[str]:
    """What thresholds would have said, in sentences."""
    yield f"{done.periods} kept periods: {done.amber} amber, {done.red} red in {done.episodes} episodes."
    yield f"The longest stretch without red is {done.longest_quiet} periods."
    if done.dates:
        shown = ", ".join(
            f"{moment:%Y-%m-%d %H:00}" if isinstance(moment, datetime) else f"{moment}" for moment in done.dates[-20:]
        )
        yield f"Red: {'... ' if len(done.dates) > 20 else ''}{shown}"


def change_table(rows: Sequence[Row], zone: ZoneInfo) -> Table:
    """Changes of the registry, newest first; the digits of a value are those of the record."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("at", "metric", "what", "by", "door", "why"):
        table.add_column(heading, no_wrap=heading not in ("what", "why"), overflow="fold")
    for row in rows:
        proof = {True: " (proved)", False: " (self-declared)", None: ""}[row["actor_proved"]]
        table.add_row(
            f"{row['at'].astimezone(zone):%Y-%m-%d %H:%M:%S}",
            Text(row["metric_id"]),
            Text("\n".join(_changed(row))),
            Text(f"{row['actor']}{proof}"),
            row["via"],
            Text(row["reason"] or ""),
        )
    return table


def _changed(row: Row) -> Iterator[str]:
    if row["action"] != "update":
        yield {"insert": "new", "delete": "retired"}[row["action"]]
        return
    for name in row["fields"]:
        if name in _DECIDED:
            old, new = (side[name] if side[name] is not None else "nothing" for side in (row["before"], row["after"]))
            yield f"{_DECIDED[name]} {old} -> {new}"
    yield from (sentence for name, sentence in _TAKEN_OVER.items() if name in row["fields"])
    others = [name for name in row["fields"] if name not in _DECIDED and name not in _TAKEN_OVER]
    if others:
        yield ", ".join(others)


def trial_lines(trial: Trial) -> Iterator[str]:
    """What one metric says, run once."""
    outcome = trial.outcome
    if outcome.failed:
        yield f"{trial.definition.metric_id}: {outcome.error_reason}: {outcome.error}"
    else:
        yield f"{trial.definition.metric_id}: {number(trial.value, trial.definition.unit)}"
        yield f"  status   {trial.status}{f' ({_REASONS[trial.status_reason]})' if trial.status_reason else ''}, writes nothing"
    yield f"  as of    {outcome.as_of.isoformat(timespec='seconds')}"
    yield f"  period   {trial.definition.period} {trial.period_label}"
    yield f"  tables   {', '.join(trial.tables) or 'none'}"
    if outcome.elapsed_ms is not None:
        yield f"  time     {outcome.elapsed_ms:.0f} ms"


def _status(row: Row) -> str:
    return row["status"] or "grey"


def _status_words(row: Row) -> str:
    status, reason = _status(row), row["status_reason"]
    if status == "grey":
        return _REASONS.get(reason or "no_value", "no value")
    return f"{status}, stale" if row.get("stale") else status


def _period(start: object, grain: str, zone: ZoneInfo) -> str:
    if start is None:
        return ""
    if isinstance(start, datetime):
        return start.astimezone(zone).strftime("%Y-%m-%d %H:00")
    return f"{start}" if grain == "day" else f"{grain} of {start}"


def _instant(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _loaded(row: Row, now: datetime) -> str:
    return "unknown" if row["source_as_of"] is None else f"{age(now - row['source_as_of'])} ago"


def _normal(row: Row) -> str:
    """The band in words, and the remark; in no colour, because neither judges."""
    usual = band(row["benchmark_mean"], row["benchmark_stddev"], row["unit"])
    return "; ".join(filter(None, [usual and f"normal looks like {usual} (n = {row['benchmark_n']})", remark(row)]))


def _trust(row: Row) -> str:
    if row["owner"] is None:
        return "nobody"
    return row["owner"] if row["verification_state"] == "verified" else f"{row['owner']}, unverified"


def _short_period(row: Row, zone: ZoneInfo) -> str:
    start, grain = row["period_start"], row["period"]
    if start is None or grain in ("hour", "day"):
        return _period(start, grain, zone)
    return f"{grain} {start:%m-%d}" if grain == "week" else f"{grain} {start:%Y-%m}"


def _found(row: Row) -> str:
    detail = row["detail"] or {}
    counts = {"ok": "ok", "no_value": "without value", "failed": "failed", "settled": "settled"}
    parts = [f"{detail[key]} {word}" for key, word in counts.items() if key in detail]
    if "bands" in detail:
        parts.append(f"{detail['bands']} bands, {detail['shown']} shown")
    if "verdict" in detail:
        parts.append(f"{detail['metric_id']} {detail['verdict']}, {detail['report']}")
    for load in detail.get("loads", ()):
        parts.append(f"{load['schema']}: {load['error'] or _rows(load)}")
    parts += [f"tampering: {tampering}" for tampering in detail.get("tamperings", ())]
    parts += [detail["error"]] if "error" in detail else []
    parts += [row["notebook"]] if row["notebook"] and row["outcome"] == "failed" else []
    return ", ".join(parts)


def _rows(load: Mapping[str, Any]) -> str:
    return "unchanged" if load["unchanged"] else f"{load['rows']:,} rows"
