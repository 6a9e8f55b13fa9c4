"""What a file's row must say: the row becomes a `MetricDefinition`, or every reason why it does not.

Errors stop a deploy. Warnings (no money story, no `how_to_read`, no thresholds, ...) are shown and change nothing: a metric
may be registered before everything about it is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from heartbeat_lib.model.metric import METRIC_ID, NAME_LENGTH, MetricDefinition, infer_direction
from heartbeat_lib.model.value_sql import (
    HASH_VERSION,
    Dialect,
    ValueSql,
    ValueSqlRefused,
    definition_hash,
    parse_value_sql,
)
from heartbeat_lib.registration.findings import Finding, blocking
from heartbeat_lib.registration.metric_file import MetricFile

_PLACEHOLDER = "<fill in"
_REQUIRED = {
    "code": "give the metric its 4-character code: UPDATE heartbeat.metric_registry SET code = 'ABC1'",
    "name": "give the metric a short name, such as 'Late parcels'",
    "period": "say which period is judged: hour, day, week, month, quarter or year",
    "value_sql": "write the query that gives the number",
    "description": "say in a sentence what is counted",
    "sources": "name the tables that value_sql reads, such as ARRAY['shop.parcels']",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the workspace says that a file is judged by: the marts' dialect, and the schemas that are fallbacks."""

    dialect: Dialect
    fallback_schemas: frozenset[str] = frozenset()


def judge_row(file: MetricFile, row: Mapping[str, Any], context: Context) -> tuple[MetricDefinition | None, list[Finding]]:
    """The definition that a scratch row amounts to, with all findings.

    Returns
    -------
    definition
        None where a finding of severity `error` stands in the way.
    findings
        Errors and warnings, in the order of their lines.
    """
    findings: list[Finding] = []

    def error(rule: str, message: str, at: str | None = None) -> None:
        findings.append(file.finding(rule, message, line=file.line_of(at or rule.replace("-", "_"))))

    def warn(rule: str, message: str, line: int = 1) -> None:
        findings.append(file.finding(rule, message, line=line, warning=True))

    text: dict[str, Any] = {name: value.strip() or None if isinstance(value, str) else value for name, value in row.items()}
    for column, remedy in _REQUIRED.items():
        if text[column] is None:
            error(column.replace("_", "-"), f"{column} is missing: {remedy}")

    for column, value in text.items():
        if isinstance(value, str) and _PLACEHOLDER in value:
            error("placeholder", f"{column} is still to be filled in", value)

    value_sql = _parse(file, row["value_sql"], "value_sql", context, findings) if text["value_sql"] else None
    if text["cross_check_sql"]:
        _parse(file, row["cross_check_sql"], "cross_check_sql", context, findings)
    if value_sql is not None and not value_sql.has_clock:
        warn(
            "no-clock",
            "value_sql names no clock (current_date, now()): the past cannot be computed, history only accumulates",
            file.line_of(row["value_sql"]),
        )

    sources = _sources(text["sources"])
    if value_sql is not None and sources:
        _judge_sources(file, sources, value_sql, text["notes"], context, error)

    norm, alert = row["norm_value"], row["alert_value"]
    direction = text["direction"]
    try:
        direction = infer_direction(norm, alert, direction)
    except ValueError as contradiction:
        error("direction", f"{contradiction}", "direction" if direction else "alert_value")
    if row["target_due_date"] is not None and row["target_value"] is None:
        error("target-due-date", "target_due_date without target_value: say what is to be reached by then")
    if text["replaces"] and (text["replaces"] == file.metric_id or not METRIC_ID.fullmatch(text["replaces"])):
        error("replaces", f"replaces must name another metric's id, not {text['replaces']!r}")

    _warnings(file, text, norm, alert, warn)
    findings.sort(key=lambda finding: finding.line)
    if blocking(findings) or value_sql is None:
        return None, findings
    definition = MetricDefinition(
        **{**text, "value_sql": row["value_sql"].strip("\n"), "sources": sources, "direction": direction},
        dialect=context.dialect.name,
        definition_hash=definition_hash(
            value_sql, grain=text["period"], unit=text["unit"], direction=direction, judge=text["judge"]
        ),
        hash_version=HASH_VERSION,
    )
    return definition, findings


def _parse(file: MetricFile, sql: str, column: str, context: Context, findings: list[Finding]) -> ValueSql | None:
    try:
        return parse_value_sql(sql, context.dialect)
    except ValueSqlRefused as refused:
        # A dollar-quoted query stands in the file as it is, so its lines are the file's lines; otherwise name its start.
        at = file.text.find(sql)
        start = file.text.count("\n", 0, at) if at >= 0 else file.line_of(column) - 1
        for fault in refused.faults:
            line = start + (fault.line if at >= 0 else 1)
            findings.append(file.finding(fault.rule, f"{column}: {fault.message}", line=line))
        return None


def _sources(text: str | None) -> tuple[str, ...]:
    """`{a.b,c.d}` (an array), `a.b, c.d` or one name as a tuple without blanks or repeats."""
    if not text:
        return ()
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    parts = [part.strip().strip('"').strip() for part in inner.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _judge_sources(
    file: MetricFile, sources: Sequence[str], value_sql: ValueSql, notes: str | None, context: Context, error: Any
) -> None:
    tables = [source for source in sources if ":" not in source]
    for source in tables:
        if not re.fullmatch(r"[^.\s]+\.[^.\s]+", source):
            error(
                "sources",
                f"{source!r} is no schema.table; a source without a table is written with a colon (mail:monthly statement)",
            )
    missing = [table for table in value_sql.tables if table not in tables]
    if missing:
        named = ", ".join(missing)
        error("sources", f"value_sql reads {named}, which sources does not name; add it to sources")
    for table in value_sql.tables:
        schema = table.partition(".")[0]
        if schema in context.fallback_schemas and not notes:
            message = f"{table} is a fallback source; say in notes why it is used instead of the source of truth"
            error("fallback", message, table)


def _warnings(file: MetricFile, text: Mapping[str, Any], norm: Decimal | None, alert: Decimal | None, warn: Any) -> None:
    if not file.text.lstrip().startswith(("--", "/*")):
        warn("header", "no comment header: begin with the money story (whose job, what red costs, who acts)")
    if not text["how_to_read"]:
        warn("how-to-read", "how_to_read is missing: an owner will see a number and not know what it means")
    if not text["methodology"]:
        warn("methodology", "methodology is missing: an audit has nothing to hold the SQL against")
    if norm is None and alert is None:
        warn("thresholds", "no norm_value and no alert_value: the metric stays grey until people set them")
    elif norm is None or alert is None:
        one, other = ("alert_value", "norm_value") if norm is None else ("norm_value", "alert_value")
        warn("thresholds", f"{one} without {other}: one of amber and red can never show", file.line_of(one))
    if (norm is not None or alert is not None) and not text["threshold_basis"]:
        warn("threshold-basis", "threshold_basis is missing: say where these numbers come from outside the data")
    if text["name"] and len(text["name"]) > NAME_LENGTH:
        message = f"name has {len(text['name'])} characters; over {NAME_LENGTH} do not fit a tile"
        warn("name", message, file.line_of(text["name"]))
