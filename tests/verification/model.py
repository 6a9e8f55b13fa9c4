"""What people's door and deploys do, told a second time in plain Python: the yardstick of the laws beside it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from heartbeat_lib.model.metric import infer_direction

FIELDS = ("owner", "norm_value", "alert_value", "threshold_basis", "target_value", "target_due_date", "verification_state")
THRESHOLDS, TARGET = {"norm_value", "alert_value"}, {"target_value", "target_due_date"}


@dataclass(slots=True, kw_only=True)
class File:
    """What a metric's file says, as a deploy sends it."""

    value_sql: str = "SELECT 1"
    notes: str | None = None
    judge: str = "running"
    direction: str | None = None
    norm_value: int | None = None
    alert_value: int | None = None
    threshold_basis: str | None = None
    target_value: int | None = None

    @property
    def meaning(self) -> str:
        """Stands for the definition's hash."""
        return f"{self.value_sql}, {self.direction}, {self.judge}"


@dataclass(slots=True, kw_only=True)
class Metric(File):
    """A row of the registry."""

    definition_hash: str = ""
    target_due_date: str | None = None
    owner: str | None = None
    verification_state: str = "unverified"
    thresholds_by_people: bool = False
    target_by_people: bool = False
    row_version: int = 0


@dataclass(slots=True, kw_only=True)
class Kept:
    """A row of the history, with the verdict of its time."""

    value: Decimal | None
    failed: bool
    stale: bool
    settled: bool
    status: str = ""
    status_reason: str | None = None

    def judge_by(self, metric: Metric) -> None:
        """The one priority of statuses."""
        norm, alert = metric.norm_value, metric.alert_value
        sign = 1 if metric.direction == "higher_is_worse" else -1
        crossed = [line is not None and self.value is not None and sign * self.value >= sign * line for line in (alert, norm)]
        reason = (
            "failed" if self.failed
            else "no_value" if self.value is None
            else "no_threshold" if norm is None and alert is None
            else "stale" if self.stale and not any(crossed)
            else None
        )  # fmt: skip
        self.status_reason = reason
        self.status = "grey" if reason else "red" if crossed[0] else "amber" if crossed[1] else "green"


@dataclass(slots=True)
class Registry:
    """Living metrics, last rows of retired ones, the history, and how many lines the log has."""

    living: dict[str, Metric] = field(default_factory=dict)
    retired: dict[str, Metric] = field(default_factory=dict)
    history: dict[str, dict[int, Kept]] = field(default_factory=dict)
    lines: int = 0

    def shown(self, metric_id: str) -> Kept | None:
        """The period on show of a living metric."""
        rows = self.history.get(metric_id, {})
        days = [day for day, kept in rows.items() if kept.settled or self.living[metric_id].judge == "running"]
        return rows[max(days)] if days else None

    def patch(self, metric_id: str, patch: dict[str, Any], version: int, reason: str | None) -> set[str]:
        """Apply a patch, or name the rules that refuse it."""
        metric = self.living.get(metric_id)
        if metric is None:
            return {"unknown_metric"}
        if version != metric.row_version:
            return {"stale_row_version"}
        if not patch:
            return {"empty_patch"}
        wanted, rules = _decided(metric, patch, reason)
        if not rules and wanted != metric:
            wanted.row_version += 1
            self.living[metric_id] = wanted
            self.lines += 1
            shown = self.shown(metric_id)
            if shown is not None and _lines(wanted) != _lines(metric):
                shown.judge_by(wanted)
        return rules

    def deploy(self, files: dict[str, File]) -> set[tuple[str, str]]:
        """Apply all files, or name metric and rule of what refuses them."""
        rows: dict[str, Metric] = {}
        refused: set[tuple[str, str]] = set()
        for metric_id, file in files.items():
            base = self.living.get(metric_id)
            if base is None:
                base = replace(self.retired.get(metric_id, Metric()), verification_state="unverified")
                if base.definition_hash not in ("", file.meaning):
                    refused.add((metric_id, "retired_id"))
                    continue
            rows[metric_id] = wanted = _filed(base, file)
            try:
                infer_direction(wanted.norm_value, wanted.alert_value, wanted.direction or "none")
            except ValueError:
                refused.add((metric_id, "direction_contradicts_thresholds" if wanted.direction else "direction_missing"))
            if metric_id in self.living and wanted == base:
                rows[metric_id] = base
                continue
            wanted.row_version += 1
            if wanted.definition_hash != base.definition_hash:
                wanted.verification_state = "unverified"
        if not refused:
            gone = self.living.keys() - files.keys()
            self.retired.update({metric_id: self.living[metric_id] for metric_id in gone})
            self.lines += len(gone) + sum(row is not self.living.get(metric_id) for metric_id, row in rows.items())
            self.living = rows
        return refused

    def keep(self, metric_id: str, day: int, new: Kept) -> None:
        """A computation of a living metric: a failure keeps the value, a settled row is only written over by a settled one."""
        rows = self.history.setdefault(metric_id, {})
        old = rows.get(day)
        if old is not None and old.settled and not (new.settled or new.failed):
            return
        if new.failed:
            new = replace(new, value=old.value if old else None, settled=old is not None and old.settled)
        new.judge_by(self.living[metric_id])
        rows[day] = new


def _lines(metric: Metric) -> tuple[object, ...]:
    return metric.norm_value, metric.alert_value, metric.direction


def _filed(base: Metric, file: File) -> Metric:
    wanted = replace(base, value_sql=file.value_sql, notes=file.notes, judge=file.judge, definition_hash=file.meaning)
    wanted.direction = file.direction or (base.direction if base.thresholds_by_people else None)
    if not base.thresholds_by_people:
        wanted.norm_value, wanted.alert_value = file.norm_value, file.alert_value
        wanted.threshold_basis = file.threshold_basis
    if not base.target_by_people:
        wanted.target_value, wanted.target_due_date = file.target_value, None
    return wanted


def _decided(metric: Metric, patch: dict[str, Any], reason: str | None) -> tuple[Metric, set[str]]:
    faults = {name: _fault(name, value) for name, value in patch.items()}
    rules, bad = {rule for rule in faults.values() if rule}, {name for name, rule in faults.items() if rule}
    wanted = replace(metric, **{name: value for name, value in patch.items() if name not in bad})
    changed = {name for name in FIELDS if getattr(wanted, name) != getattr(metric, name)}
    basis = patch.get("threshold_basis")
    if not bad & THRESHOLDS:
        if wanted.norm_value is None and wanted.alert_value is None:
            if basis is not None and "threshold_basis" not in bad:
                rules.add("basis_without_threshold")
            wanted.threshold_basis = None
        elif basis is None and (changed & THRESHOLDS or "threshold_basis" in patch):
            rules.add("basis_missing")
        if changed & THRESHOLDS:
            try:
                wanted.direction = infer_direction(wanted.norm_value, wanted.alert_value, metric.direction)  # type: ignore[arg-type]
            except ValueError:
                rules.add("thresholds_fit_direction" if metric.direction else "direction_missing")
    if not bad & TARGET and wanted.target_due_date is not None and wanted.target_value is None:
        rules.add("due_date_needs_target")
    if "verification_state" in changed and wanted.verification_state == "verified":
        if wanted.owner is None and "owner" not in bad:
            rules.add("verifying_needs_owner")
        if not reason:
            rules.add("verifying_needs_reason")
    wanted.thresholds_by_people |= bool(changed & THRESHOLDS) or wanted.threshold_basis != metric.threshold_basis
    wanted.target_by_people |= bool(changed & TARGET)
    return wanted, rules


def _fault(name: str, value: object) -> str | None:
    if name not in FIELDS:
        return "unknown_field"
    if isinstance(value, str) and not value.strip():
        return "empty_text"
    if name in ("norm_value", "alert_value", "target_value"):
        good = value is None or isinstance(value, int | Decimal)
    elif name == "verification_state":
        good = value in ("verified", "unverified")
    elif value is None or not isinstance(value, str):
        good = value is None
    elif name == "owner":
        good = re.fullmatch(r"[a-z.]+@[a-z.]+", value) is not None
    else:
        good = name != "target_due_date" or _is_day(value)
    return None if good else f"{name}_form"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def columns(metric: Metric) -> dict[str, Any]:
    """A metric by the registry's column names."""
    return asdict(metric)
