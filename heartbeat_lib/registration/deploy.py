"""Files + registry -> a plan, and the plan -> one transaction or nothing.

Both are one function in the database, `heartbeat.apply_registry`: a plan is its dry run, so what `--plan` shows and what a
deploy does cannot drift apart. Between the two stands the trial: each new or changed value_sql has to run once.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heartbeat_lib.model.metric import MetricDefinition
from heartbeat_lib.registration.check import Checked
from heartbeat_lib.registration.displays import plan_html
from heartbeat_lib.registration.findings import Finding
from heartbeat_lib.store import Role, Store, load_sql, translated

GROUPS = ("new", "new_meaning", "cosmetic", "retired", "unchanged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deploy does or would do: metric ids by what happens to them, and why it may not happen.

    `kept_people` are metrics whose file says other thresholds or targets than people have set; the people's stand.
    `version` is the state of the registry that the plan was made from.
    """

    version: int
    new: tuple[str, ...] = ()
    new_meaning: tuple[str, ...] = ()
    cosmetic: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept_people: tuple[str, ...] = ()
    refusals: tuple[Finding, ...] = field(default=())

    @property
    def to_try(self) -> tuple[str, ...]:
        """Metrics whose value_sql must run once before the deploy."""
        return (*self.new, *self.new_meaning)

    def json(self, findings: tuple[Finding, ...]) -> dict[str, Any]:
        """The plan under the keys that `--json` promises."""
        groups = {group: list(getattr(self, group)) for group in GROUPS}
        return {**groups, "findings": [finding.json() for finding in findings]}

    def _repr_html_(self) -> str:
        return plan_html(self, self.refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Where the files stand in git: the commit, and whether metric files differ from it. Unknown outside git."""

    commit_id: str | None
    uncommitted: bool | None


def plan(store: Store, checked: Checked, *, allow_retirements: int | None) -> Plan:
    """What applying `checked` would do; nothing is written."""
    return _call(
        store, checked, actor="plan", reason=None, commit=Commit(commit_id=None, uncommitted=None),
        expected=None, allow_retirements=allow_retirements, dry_run=True,
    )  # fmt: skip


def apply(
    store: Store,
    checked: Checked,
    planned: Plan,
    *,
    actor: str,
    reason: str | None,
    commit: Commit,
    allow_retirements: int | None,
) -> Plan:
    """Apply all in one transaction; where the plan has meanwhile gained a refusal, nothing is written and it comes back."""
    return _call(
        store, checked, actor=actor, reason=reason, commit=commit,
        expected=planned.version, allow_retirements=allow_retirements, dry_run=False,
    )  # fmt: skip


def git_commit(folder: Path) -> Commit:
    """The commit that `folder`'s files stand at."""

    def git(*words: str) -> str | None:
        try:
            answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    changes = git("status", "--porcelain", "--", ".") if commit else None
    return Commit(commit_id=commit, uncommitted=None if changes is None else bool(changes))


def _call(
    store: Store,
    checked: Checked,
    *,
    actor: str,
    reason: str | None,
    commit: Commit,
    expected: int | None,
    allow_retirements: int | None,
    dry_run: bool,
) -> Plan:
    rows = [definition.row() for definition in checked.definitions.values()]
    values: Mapping[str, Any] = {
        "rows": json.dumps(rows, ensure_ascii=False),
        "expected": expected,
        "actor": actor,
        "reason": reason,
        "commit": commit.commit_id,
        "uncommitted": commit.uncommitted,
        "allow_retirements": allow_retirements or 0,
        "dry_run": dry_run,
    }
    with translated("Deploying"), store.connect(Role.DEPLOY) as connection:
        (answer,) = connection.execute(load_sql(__package__ or "", "apply_registry"), values).fetchall()[0]
    refusals = [_finding(refusal, checked) for refusal in answer.pop("refusals")]
    version = answer.pop("version")
    return Plan(version=version, refusals=tuple(refusals), **{group: tuple(ids) for group, ids in answer.items()})


def _finding(refusal: Mapping[str, Any], checked: Checked) -> Finding:
    metric_id = refusal.get("metric_id") or ""
    return Finding(
        file=checked.path(metric_id) or "db/metrics",
        line=1,
        rule=refusal["rule"].replace("_", "-"),
        message=refusal["message"],
    )


def definitions_to_try(planned: Plan, checked: Checked) -> list[MetricDefinition]:
    """The definitions behind `Plan.to_try`."""
    return [checked.definitions[metric_id] for metric_id in planned.to_try]
