"""A plan as a notebook shows it: what happens to which metrics, and what has to be mended first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element
from heartbeat_lib.registration.findings import Finding, blocking

if TYPE_CHECKING:
    from heartbeat_lib.registration.deploy import Plan

_GROUPS = {
    "new": "+ new",
    "new_meaning": "~ new meaning",
    "cosmetic": "~ cosmetic",
    "retired": "− retired",
    "unchanged": "= unchanged",
}
_MOST_IDS = 40
_LEFT = "text-align:left;vertical-align:top"


def plan_html(plan: Plan, findings: Sequence[Finding]) -> str:
    """The findings, then a row per group with its count and ids; names and messages become text."""
    return element("div", *_parts(plan, findings), style="color:inherit;line-height:1.5")


def _parts(plan: Plan, findings: Sequence[Finding]) -> Iterator[Markup]:
    errors = len(blocking(findings))
    if errors:
        yield element("div", element("b", f"◆ {errors} {'finding' if errors == 1 else 'findings'} to mend before a deploy"))
    if findings:
        yield element("ul", *(element("li", _words(finding)) for finding in findings))
    rows = [(words, getattr(plan, group)) for group, words in _GROUPS.items()]
    if any(ids for _, ids in rows):
        yield element("table", element("tbody", *(_row(words, ids) for words, ids in rows)), style=TABLE)
    elif not errors:
        yield element("div", "No metric files and no metrics: there is nothing to deploy.")
    if plan.kept_people:
        kept = ", ".join(plan.kept_people)
        words = f"People have set thresholds or targets of these, and theirs stand, not the file's: {kept}"
        yield element("div", words, style=FAINT)


def _row(words: str, ids: Sequence[str]) -> Markup:
    more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
    return element(
        "tr",
        element("td", words, style=f"{_LEFT};white-space:nowrap"),
        element("td", str(len(ids)), style="text-align:right;vertical-align:top"),
        element("td", ", ".join(ids[:_MOST_IDS]) + more, style=_LEFT),
    )


def _words(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}: {finding.severity}: {finding.message} [{finding.rule}]"
